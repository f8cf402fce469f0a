#include "core/plugin_host/upgrade/verified_plugin.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/io/state/durable_file.hpp"

namespace elasticity {
namespace fs = std::filesystem;
namespace {

Error refuse(const fs::path& path, const std::string& why) {
    return {ErrorKind::refused, path.string() + ": " + why};
}

Result<> check_access(const fs::path& path, const struct stat& status, uid_t daemon_user) {
    if (status.st_uid != 0 && status.st_uid != daemon_user)
        return refuse(path, "belongs to user " + std::to_string(status.st_uid) + ", root or user " +
                                std::to_string(daemon_user) + ", as whom the daemon runs, was wanted");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refuse(path, "others than its owner may write there");
    return {};
}

Result<> check_folder(const fs::path& folder, uid_t daemon_user) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return system_error(folder, "read its status", errno);
    return check_access(folder, status, daemon_user);
}

Result<fs::path> resolved(const fs::path& file) {
    std::error_code error;
    fs::path path = fs::canonical(file, error);
    if (error) return system_error(file, "open", error.value());
    return path;
}

}  // namespace

Result<OpenedPlugin> open_plugin(const fs::path& file) {
    const auto path = resolved(file);
    if (!path) return path.error();
    // O_NONBLOCK: a named pipe in the file's place must not hang us.
    OpenedPlugin plugin{FileDescriptor(::open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)), file};
    if (!plugin.file) return system_error(file, "open", errno);
    struct stat status {};
    if (::fstat(plugin.file.get(), &status) != 0) return system_error(file, "read its status", errno);
    if (!S_ISREG(status.st_mode)) return refuse(file, "is no regular file");
    if (static_cast<std::uint64_t>(status.st_size) > plugin_bytes_max)
        return refuse(file, "is larger than " + std::to_string(plugin_bytes_max) + " bytes");
    return plugin;
}

Result<> verify_plugin(const OpenedPlugin& plugin, uid_t daemon_user) {
    struct stat status {};
    if (::fstat(plugin.file.get(), &status) != 0) return system_error(plugin.path, "read its status", errno);
    if (const auto checked = check_access(plugin.path, status, daemon_user); !checked) return checked;
    const auto path = resolved(plugin.path);
    if (!path) return path.error();
    if (const auto checked = check_folder(path->parent_path(), daemon_user); !checked) return checked;
    return check_folder(fs::absolute(plugin.path).parent_path(), daemon_user);
}

}  // namespace elasticity
