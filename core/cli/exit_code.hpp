#pragma once

namespace elasticity::cli {

/// What a script can tell from the end of a command (docs/reference/cli.md).
enum class ExitCode {
    done = 0,
    failed = 1,
    usage = 2,        ///< wrong arguments, settings or input
    unreachable = 3,  ///< the broker, its queue, a module or the daemon
    rejected = 4,     ///< by the module
    interrupted = 130,
};

}  // namespace elasticity::cli
