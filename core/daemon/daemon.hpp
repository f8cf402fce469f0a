#pragma once
#include <optional>
#include <string>

namespace elasticity {

struct RunOptions {
    std::string settings_file;
    bool accept_empty = false;              ///< go on with a missing, empty or older tools.json
    std::optional<std::string> install_id;  ///< adopts the workers of an earlier installation
};

/// The daemon: runs until SIGTERM or SIGINT, and returns an exit code (0 done, 1 failed, 2 wrong settings, 3 the
/// deploy queue is held by another module). A valid change of the settings file is taken over while it runs; a
/// broken one is logged and ignored. Workers are touched by none of this.
int run_daemon(const RunOptions& options);

}  // namespace elasticity
