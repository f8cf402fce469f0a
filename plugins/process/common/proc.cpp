#include "plugins/process/common/proc.hpp"

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>
#include <vector>

#include "plugins/process/common/descriptor.hpp"

namespace elasticity::process {
namespace {

[[noreturn]] void throw_unseen(const std::string& path) {
    throw std::system_error(errno, std::generic_category(), path);
}

std::string path_of(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

bool is_absence(int error) { return error == ENOENT || error == ESRCH; }

std::int64_t clock_ms(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        if (is_absence(errno)) return std::nullopt;
        throw_unseen(path);
    }
    std::string text;
    char chunk[4096];
    for (;;) {
        const ssize_t count = read(file.get(), chunk, sizeof chunk);
        if (count == 0) return text;
        if (count > 0)
            text.append(chunk, static_cast<std::size_t>(count));
        else if (is_absence(errno))
            return std::nullopt;
        else if (errno != EINTR)
            throw_unseen(path);
    }
}

std::optional<ProcessStat> parse_stat(const std::string& line) {
    // The second field is the program's name in brackets and may hold anything, brackets and blanks too.
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream rest(line.substr(name_end + 1));
    std::vector<std::string> fields(3);  // Numbered as in proc(5), from 3 on.
    for (std::string field; rest >> field;) fields.push_back(field);
    if (fields.size() < 53) return std::nullopt;
    constexpr unsigned long kernel_thread_flag = 0x00200000;  // PF_KTHREAD
    ProcessStat stat;
    stat.id.pid = static_cast<pid_t>(std::strtol(line.c_str(), nullptr, 10));
    stat.id.start_ticks = std::strtoull(fields[22].c_str(), nullptr, 10);
    stat.state = fields[3][0];
    stat.group = static_cast<pid_t>(std::strtol(fields[5].c_str(), nullptr, 10));
    stat.kernel_thread = (std::strtoul(fields[9].c_str(), nullptr, 10) & kernel_thread_flag) != 0;
    stat.has_empty_environment = fields[50] != "0" && fields[50] == fields[51];  // Its begin and its end.
    stat.wait_status = static_cast<int>(std::strtol(fields[52].c_str(), nullptr, 10));
    return stat;
}

std::optional<ProcessStat> read_stat(pid_t pid) {
    const std::optional<std::string> line = read_file(path_of(pid, "stat"));
    return line ? parse_stat(*line) : std::nullopt;
}

std::optional<ProcessStat> find_process(const ProcessId& id) {
    if (id.pid <= 0) return std::nullopt;
    std::optional<ProcessStat> stat = read_stat(id.pid);
    if (stat && stat->id.start_ticks != id.start_ticks) return std::nullopt;
    return stat;
}

bool is_alive(const ProcessId& id) {
    const std::optional<ProcessStat> stat = find_process(id);
    return stat && !stat->ended();
}

/// Inside execve the kernel sets begin and end of the environment to the same address for a moment, before it
/// has counted the variables (create_elf_tables in fs/binfmt_elf.c). One that is empty stays so.
static bool stays_empty(pid_t pid) {
    constexpr int looks = 5;
    constexpr int pause_ms = 2;
    for (int look = 0; look < looks; ++look) {
        poll(nullptr, 0, pause_ms);
        const std::optional<ProcessStat> stat = read_stat(pid);
        if (stat && !stat->ended() && !stat->has_empty_environment) return false;
    }
    return true;
}

Environment read_environment(pid_t pid) {
    std::optional<std::string> text;
    try {
        text = read_file(path_of(pid, "environ"));
    } catch (const std::system_error& error) {
        // A process of another user cannot be a worker of ours.
        if (error.code().value() == EACCES || error.code().value() == EPERM) return {};
        throw;
    }
    if (!text) return {};
    if (!text->empty()) return {Environment::Sight::seen, Fields(std::move(*text))};
    // It may have left execve since we read: only what is empty for good settles it.
    const std::optional<ProcessStat> stat = read_stat(pid);
    const bool has_none = !stat || stat->kernel_thread || stat->ended() ||
                          (stat->has_empty_environment && stays_empty(pid));
    return {has_none ? Environment::Sight::none : Environment::Sight::in_exec, {}};
}

std::string boot_id() {
    const std::optional<std::string> text = read_file("/proc/sys/kernel/random/boot_id");
    return text ? text->substr(0, text->find('\n')) : std::string();
}

std::int64_t unix_ms_now() { return clock_ms(CLOCK_REALTIME); }

std::int64_t started_unix_ms(const ProcessId& id) {
    const auto after_boot_ms = static_cast<std::int64_t>(id.start_ticks) * 1000 / sysconf(_SC_CLK_TCK);
    return clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME) + after_boot_ms;
}

}  // namespace elasticity::process
