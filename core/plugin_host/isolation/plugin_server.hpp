#pragma once
#include <sys/types.h>

#include "core/io/state/file_descriptor.hpp"

namespace elasticity {

/// A plugin's process: `elasticity plugin-host --parent PID BACKEND`, started by the daemon with a socket on
/// plugin_host_descriptor, and of no use to anybody else. Serves calls until the socket ends; ends at once when the
/// daemon does. Returns the exit code.
int run_plugin_host(pid_t parent);

/// Serves calls on a socket until it ends.
int serve_plugin(FileDescriptor socket);

}  // namespace elasticity
