#include "core/io/state/swap.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/file_descriptor.hpp"

namespace elasticity {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

bool try_rename(const fs::path& from, const fs::path& to, unsigned flags) {
    return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0;
}

/// A lease can be had only while nobody has the file open for writing.
bool is_being_written(int file) {
    // The signal of a broken lease would end the process; SIGURG is ignored by default.
    if (::fcntl(file, F_SETSIG, SIGURG) != 0) return false;
    if (::fcntl(file, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
    ::fcntl(file, F_SETLEASE, F_UNLCK);
    return false;
}

/// Waits until it is worth looking again; false when `deadline` has passed.
///
/// The kernel tells of a close before it counts the writer out (fs/file_table.c, __fput), so that the last event may
/// come too early to be believed: after a while one looks without an event.
bool await_event(int inotify, Clock::time_point deadline) {
    constexpr std::chrono::milliseconds look_again{20};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{inotify, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(std::min(left, look_again).count())) == 0) return true;
    std::array<char, 4096> events;
    return ::read(inotify, events.data(), events.size()) >= 0 || errno == EINTR || errno == EAGAIN;
}

}  // namespace

Result<bool> swap_into_place(const fs::path& aside, const fs::path& path) {
    // An editor may create or remove the file between our attempts, but hardly each time.
    constexpr int attempts_max = 5;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        if (try_rename(aside, path, RENAME_EXCHANGE)) return true;
        if (errno == EINVAL) {
            return Error{ErrorKind::refused,
                         path.string() + ": this file system cannot exchange names, a local one was wanted"};
        }
        if (errno != ENOENT) return system_error(path, "exchange it with " + aside.string(), errno);
        if (try_rename(aside, path, RENAME_NOREPLACE)) return false;
        if (errno != EEXIST) return system_error(path, "rename " + aside.string() + " to it", errno);
    }
    return Error{ErrorKind::conflict, path.string() + ": appears and disappears while it is being replaced"};
}

Result<> await_writers(const fs::path& path, std::chrono::milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) return system_error(path, "open", errno);
    if (!is_being_written(file.get())) return {};
    const FileDescriptor inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify || ::inotify_add_watch(inotify.get(), path.c_str(), IN_CLOSE_WRITE) < 0) {
        return system_error(path, "watch", errno);
    }
    while (is_being_written(file.get())) {
        if (!await_event(inotify.get(), deadline)) {
            return Error{ErrorKind::unavailable, path.string() + ": a program has it open for writing still"};
        }
    }
    return {};
}

}  // namespace elasticity
