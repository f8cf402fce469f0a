#include "core/plugin_host/upgrade/staging.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/daemon/log.hpp"
#include "core/io/state/durable_file.hpp"
#include "core/plugin_host/upgrade/sha256.hpp"

namespace elasticity {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t hash_digits_in_names = 16;

Result<> write_all(int file, const fs::path& path, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error(path, "write", errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

/// From its beginning, whoever else reads from the same descriptor. Returns the SHA-256 of what was copied.
Result<std::string> copy_bytes(const OpenedPlugin& from, int to, const fs::path& to_path) {
    Sha256 hash;
    std::array<char, 65536> buffer;
    for (std::uint64_t offset = 0;;) {
        const ssize_t got = ::pread(from.file.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(from.path, "read", errno);
        if (got == 0) return hash.finish();
        offset += static_cast<std::uint64_t>(got);
        if (offset > plugin_bytes_max) return Error{ErrorKind::refused, from.path.string() + ": grows while it is read"};
        const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
        hash.update(piece);
        if (const auto written = write_all(to, to_path, piece); !written) return written.error();
    }
}

/// Private, complete and on the disk.
Result<std::string> copy_synced(const OpenedPlugin& from, const fs::path& to) {
    const FileDescriptor file(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400));
    if (!file) return system_error(to, "create", errno);
    auto sha256 = copy_bytes(from, file.get(), to);
    if (sha256 && ::fsync(file.get()) != 0) return system_error(to, "sync", errno);
    return sha256;
}

}  // namespace

StagedPlugin::StagedPlugin(fs::path file, std::string sha256, fs::path source)
    : file_(std::move(file)), sha256_(std::move(sha256)), source_(std::move(source)) {}

StagedPlugin::~StagedPlugin() {
    // What stays is removed at the next start.
    if (const auto removed = remove_file(file_); !removed)
        log_line(LogLevel::warning, "plugins", removed.error().message);
}

Result<StagingFolder> StagingFolder::open(fs::path folder) {
    const auto names = list_names(folder);
    if (!names) return names.error();
    for (const std::string& name : *names)
        if (const auto removed = remove_file(folder / name); !removed) return removed.error();
    return StagingFolder(std::move(folder));
}

Result<std::shared_ptr<const StagedPlugin>> StagingFolder::stage_first(const fs::path& file,
                                                                       const std::string& backend) const {
    const auto plugin = open_plugin(file);
    if (!plugin) return plugin.error();
    if (const auto verified = verify_plugin(*plugin, ::geteuid()); !verified)
        log_line(LogLevel::warning, "backend " + backend, verified.error().message + "; an upgrade would refuse it");
    auto staged = stage(*plugin, backend, 1);
    if (staged || staged.error().kind != ErrorKind::exhausted) return staged;
    log_line(LogLevel::warning, "backend " + backend,
             staged.error().message + "; it runs from " + file.string() + " itself, which must not be written in place");
    return std::shared_ptr<const StagedPlugin>();
}

Result<std::shared_ptr<const StagedPlugin>> StagingFolder::stage(const OpenedPlugin& plugin, const std::string& backend,
                                                                 unsigned generation) const {
    const std::string stem = backend + "." + std::to_string(generation);
    const fs::path partial = folder_ / (stem + ".partial");
    const auto sha256 = copy_synced(plugin, partial);
    if (!sha256) return with_cleanup(sha256.error(), remove_file(partial));
    const fs::path file = folder_ / (stem + "." + sha256->substr(0, hash_digits_in_names) + ".so");
    if (::rename(partial.c_str(), file.c_str()) != 0)
        return with_cleanup(system_error(partial, "rename", errno), remove_file(partial));
    return std::make_shared<const StagedPlugin>(file, *sha256, plugin.path);
}

}  // namespace elasticity
