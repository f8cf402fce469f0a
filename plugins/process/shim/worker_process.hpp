#pragma once
#include "plugins/process/common/protocol.hpp"

namespace elasticity::process {

/// What the forked child says when it cannot become the worker. Small enough to cross a pipe in one piece.
struct ChildFailure {
    int error_number = 0;
    char step[60] = {};
};

struct ChildPipes {
    int go_ahead = -1;  ///< one byte comes, or the end of file when the shim died before it had recorded us
    int output = -1;
    int failure = -1;  ///< closed by a successful exec; otherwise it carries a ChildFailure
};

/// Turns this process, fresh from fork, into the worker: own process group, and nothing of the daemon left
/// but what the request says.
[[noreturn]] void become_worker(const Request& request, const ChildPipes& pipes);

}  // namespace elasticity::process
