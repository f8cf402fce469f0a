#pragma once
#include "plugins/process/shim/log_file.hpp"
#include "plugins/process/shim/start.hpp"

namespace elasticity::process {

/// Carries the worker's output to the log until the worker ends, ends what it left behind, and records its
/// exit. To be called with SIGCHLD blocked.
void supervise(Supervised worker, LogFile& log, const std::string& run_dir);

}  // namespace elasticity::process
