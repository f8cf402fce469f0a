#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "plugins/process/common/fields.hpp"

/// What the kernel says about processes. The rule of every function here: "not there" is an answer (nullopt),
/// while "could not see" (out of descriptors, say) throws std::system_error, since a second worker may follow
/// from mistaking the one for the other.
namespace elasticity::process {

/// A process, for good: a pid alone is used again, its start time with it is not.
struct ProcessId {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;  ///< clock ticks since boot

    bool operator==(const ProcessId&) const = default;
};

struct ProcessStat {
    ProcessId id;
    char state = '?';  ///< as in ps: R, S, D, T (stopped), Z (zombie) ...
    pid_t group = 0;
    bool kernel_thread = false;
    bool has_empty_environment = false;  ///< started without any variable; not said of one inside execve
    int wait_status = 0;           ///< of a zombie, as waitpid would give it

    bool ended() const { return state == 'Z' || state == 'X'; }
};

/// The whole of a file; nullopt where it is not there, or its process ended meanwhile.
std::optional<std::string> read_file(const std::string& path);

std::optional<ProcessStat> parse_stat(const std::string& line);
std::optional<ProcessStat> read_stat(pid_t pid);

/// The process of that start time, zombie or not.
std::optional<ProcessStat> find_process(const ProcessId& id);

/// Is it there, and no zombie?
bool is_alive(const ProcessId& id);

/// What a process was started with, as far as it may be seen.
struct Environment {
    enum class Sight {
        seen,
        none,     ///< gone, a kernel thread, without any environment, or not ours to read
        in_exec,  ///< inside execve, so that its environment reads as empty: look again
    };
    Sight sight = Sight::none;
    Fields fields;
};

Environment read_environment(pid_t pid);

/// Changes with each boot, so that records of an earlier one are told apart.
std::string boot_id();

std::int64_t unix_ms_now();

/// When a process was started, from its start time and the clocks of now.
std::int64_t started_unix_ms(const ProcessId& id);

}  // namespace elasticity::process
