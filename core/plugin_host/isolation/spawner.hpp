#pragma once
#include <sys/types.h>

#include <string>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// The descriptor that a plugin's process gets beside standard input, output and error.
inline constexpr int plugin_host_descriptor = 3;

/// A process that runs `elasticity plugin-host`. Whoever holds it reaps it.
struct SpawnedProcess {
    pid_t pid = -1;
    FileDescriptor pidfd;
    FileDescriptor socket;  ///< the daemon's end; a send that takes too long fails
    FileDescriptor output;  ///< what it writes to standard output and error; does not block
};

/// Starts `program` as the plugin host of a backend. It inherits nothing but one end of a socket, and its output
/// goes into a pipe. It ends by itself when this process does.
///
/// Threads: any. The work is done on a thread that lives as long as this process: the signal by which a child learns
/// of its parent's death is sent when the *thread* that made it ends.
Result<SpawnedProcess> spawn_plugin_host(const std::string& program, const std::string& backend);

}  // namespace elasticity
