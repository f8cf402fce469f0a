#include "core/plugin_host/upgrade/folder_watch.hpp"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/io/state/durable_file.hpp"

namespace elasticity {
namespace {

constexpr std::uint32_t folder_gone = IN_IGNORED | IN_UNMOUNT | IN_MOVE_SELF | IN_DELETE_SELF;

}  // namespace

Result<FolderWatch> FolderWatch::open(const std::filesystem::path& folder) {
    FileDescriptor inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify) return system_error(folder, "watch", errno);
    constexpr std::uint32_t wanted = IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
    if (::inotify_add_watch(inotify.get(), folder.c_str(), wanted) < 0) return system_error(folder, "watch", errno);
    return FolderWatch(std::move(inotify), folder);
}

Result<std::vector<FolderChange>> FolderWatch::drain() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    std::vector<FolderChange> changes;
    while (true) {
        const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return changes;
        if (got < 0) return system_error(folder_, "watch", errno);
        for (ssize_t at = 0; at < got;) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* const name = buffer.data() + at + sizeof event;
            at += static_cast<ssize_t>(sizeof event + event.len);
            is_gone_ = is_gone_ || (event.mask & folder_gone) != 0;
            if (is_gone_) return Error{ErrorKind::not_found, folder_.string() + ": the folder was moved or removed"};
            if ((event.mask & IN_Q_OVERFLOW) != 0)
                return Error{ErrorKind::exhausted, folder_.string() + ": too many changes at once, some were missed"};
            if (event.len > 0) changes.push_back({name, (event.mask & IN_MOVED_TO) != 0});
        }
    }
}

}  // namespace elasticity
