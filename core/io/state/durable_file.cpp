#include "core/io/state/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "core/io/state/file_descriptor.hpp"

namespace elasticity {

namespace {

namespace fs = std::filesystem;

ErrorKind kind_of(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
        case EMFILE:
        case ENFILE:
        case ENOMEM: return ErrorKind::exhausted;
        case ENOENT: return ErrorKind::not_found;
        case EACCES:
        case EPERM:
        case EROFS: return ErrorKind::refused;
        default: return ErrorKind::unavailable;
    }
}

Result<> write_all(int file, const fs::path& path, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error(path, "write", errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<std::string> read_all(int file, const fs::path& path, std::uint64_t bytes_max) {
    std::string text;
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t got = ::read(file, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(path, "read", errno);
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > bytes_max) {
            return Error{ErrorKind::invalid, path.string() + ": larger than the limit of " +
                                                 std::to_string(bytes_max) + " bytes"};
        }
    }
}

Result<> apply_access(int file, const fs::path& path, const FileAccess& access) {
    if (access.owner || access.group) {
        const uid_t owner = access.owner.value_or(static_cast<uid_t>(-1));
        const gid_t group = access.group.value_or(static_cast<gid_t>(-1));
        // Only root may give a file away; an unprivileged daemon's commit makes the file its own.
        if (::fchown(file, owner, group) != 0 && errno != EPERM) {
            return system_error(path, "keep the owner", errno);
        }
    }
    // After the owner, as a change of owner clears mode bits; and past the umask.
    if (::fchmod(file, access.mode) != 0) return system_error(path, "set the mode", errno);
    return {};
}

FileAccess access_from(const struct stat& status) {
    return {status.st_mode & 0777, status.st_uid, status.st_gid};
}

Error symbolic_link_error(const fs::path& path) {
    return {ErrorKind::refused, path.string() + ": is a symbolic link, a regular file was wanted"};
}

}  // namespace

Error system_error(const fs::path& path, std::string_view action, int error_number) {
    return {kind_of(error_number), path.string() + ": cannot " + std::string(action) + ": " +
                                       std::generic_category().message(error_number)};
}

Error with_cleanup(Error error, const Result<>& cleanup) {
    if (!cleanup) error.message += "; " + cleanup.error().message;
    return error;
}

Result<std::optional<FileText>> read_file(const fs::path& path, std::uint64_t bytes_max) {
    // O_NONBLOCK: a named pipe in the file's place must not hang us.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file && errno == ENOENT) return std::optional<FileText>();
    if (!file && errno == ELOOP) return symbolic_link_error(path);
    if (!file) return system_error(path, "open", errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return system_error(path, "read its status", errno);
    if (!S_ISREG(status.st_mode)) {
        return Error{ErrorKind::refused, path.string() + ": is no regular file"};
    }
    auto text = read_all(file.get(), path, bytes_max);
    if (!text) return text.error();
    return std::optional<FileText>({*std::move(text), access_from(status)});
}

Result<std::optional<FileAccess>> read_access(const fs::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return std::optional<FileAccess>();
        return system_error(path, "read its status", errno);
    }
    if (S_ISLNK(status.st_mode)) return symbolic_link_error(path);
    if (!S_ISREG(status.st_mode)) {
        return Error{ErrorKind::refused, path.string() + ": is no regular file"};
    }
    return std::optional(access_from(status));
}

Result<> write_synced(const fs::path& path, std::string_view text, const FileAccess& access) {
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    const FileDescriptor file(::open(path.c_str(), flags, 0600));
    if (!file) return system_error(path, "create", errno);
    if (auto written = write_all(file.get(), path, text); !written) return written;
    if (auto applied = apply_access(file.get(), path, access); !applied) return applied;
    if (::fsync(file.get()) != 0) return system_error(path, "sync", errno);
    return {};
}

Result<> sync_directory(const fs::path& directory) {
    const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file) return system_error(directory, "open", errno);
    if (::fsync(file.get()) != 0) return system_error(directory, "sync", errno);
    return {};
}

Result<> replace_file(const fs::path& path, std::string_view text, const FileAccess& access) {
    const fs::path aside = path.string() + ".new";
    auto done = write_synced(aside, text, access);
    if (done && ::rename(aside.c_str(), path.c_str()) != 0) done = system_error(path, "replace", errno);
    if (!done) return with_cleanup(done.error(), remove_file(aside));
    return sync_directory(path.parent_path());
}

Result<std::vector<std::string>> list_names(const fs::path& directory) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator entry(directory, error);
    if (error.value() == ENOENT) return names;
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error) return system_error(directory, "list", error.value());
    return names;
}

Result<> remove_file(const fs::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(path, "remove", errno);
    return {};
}

}  // namespace elasticity
