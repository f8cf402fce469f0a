#include "core/io/state/file_watch.hpp"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/io/state/durable_file.hpp"

namespace elasticity {

namespace {

constexpr std::uint32_t file_events =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;  // saved, put there, taken away, removed
constexpr std::uint32_t directory_gone = IN_IGNORED | IN_UNMOUNT | IN_MOVE_SELF | IN_DELETE_SELF;

}  // namespace

FileWatch::FileWatch(FileDescriptor inotify, std::filesystem::path path, std::string_view beside_suffix)
    : inotify_(std::move(inotify)), path_(std::move(path)), name_(path_.filename().string()),
      beside_suffix_(beside_suffix) {}

bool FileWatch::concerns(std::string_view name) const {
    return name == name_ || (!beside_suffix_.empty() && name.ends_with(beside_suffix_));
}

Result<FileWatch> FileWatch::open(const std::filesystem::path& path, std::string_view beside_suffix) {
    FileDescriptor inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify) return system_error(path, "watch", errno);
    const std::filesystem::path directory = path.parent_path();
    constexpr std::uint32_t wanted = file_events | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
    if (::inotify_add_watch(inotify.get(), directory.c_str(), wanted) < 0) {
        return system_error(directory, "watch", errno);
    }
    return FileWatch(std::move(inotify), path, beside_suffix);
}

Result<bool> FileWatch::drain() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    bool concerned = false;
    while (true) {
        const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return concerned;
        if (got < 0) return system_error(path_, "watch", errno);
        for (ssize_t at = 0; at < got;) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* const name = buffer.data() + at + sizeof event;
            at += static_cast<ssize_t>(sizeof event + event.len);
            if ((event.mask & directory_gone) != 0) {
                return Error{ErrorKind::not_found,
                             path_.parent_path().string() + ": the directory was moved or removed"};
            }
            // After an overflow nobody knows what was missed: look.
            concerned |= (event.mask & IN_Q_OVERFLOW) != 0 || (event.len > 0 && concerns(name));
        }
    }
}

}  // namespace elasticity
