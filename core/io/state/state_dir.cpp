#include "core/io/state/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "core/io/state/durable_file.hpp"

namespace elasticity {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t small_file_bytes_max = 4096;
constexpr std::size_t install_id_digits = 32;

Result<> make_private_directory(const fs::path& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(path.parent_path());
    if (errno != EEXIST) return system_error(path, "create the directory", errno);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return system_error(path, "read its status", errno);
    if (!S_ISDIR(status.st_mode)) {
        return Error{ErrorKind::refused, path.string() + ": is no directory"};
    }
    // Whoever may write here can make the daemon start or stop any worker.
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return Error{ErrorKind::refused,
                     path.string() + ": others than its owner may write there, mode 0700 was wanted"};
    }
    return {};
}

Result<> make_root(const fs::path& root) {
    std::error_code error;
    fs::create_directories(root.parent_path(), error);
    if (error) return system_error(root.parent_path(), "create the directory", error.value());
    return make_private_directory(root);
}

/// Without the line end; nothing when the file is missing.
Result<std::optional<std::string>> read_line(const fs::path& path) {
    auto file = read_file(path, small_file_bytes_max);
    if (!file) return file.error();
    if (!*file) return std::optional<std::string>();
    std::string line = std::move((*file)->text);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return std::optional<std::string>(std::move(line));
}

Error held_by_another(const fs::path& root, const fs::path& lock_path) {
    const auto line = read_line(lock_path);
    const std::string holder = line && *line && !(*line)->empty() ? "process " + **line : "another process";
    return {ErrorKind::conflict, root.string() + ": in use by " + holder + " (" + lock_path.string() +
                                     "): stop it, or choose another state_dir"};
}

Result<FileDescriptor> lock(const fs::path& root) {
    const fs::path path = root / "lock";
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error(path, "open", errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return held_by_another(root, path);
        return system_error(path, "lock", errno);
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) != 0 ||
        ::pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return system_error(path, "write the process id", errno);
    }
    return file;
}

Result<> check_format(const fs::path& root) {
    const fs::path path = root / "format";
    const auto line = read_line(path);
    if (!line) return line.error();
    if (!*line) return replace_file(path, std::to_string(state_format_version) + "\n");
    const std::string& text = **line;
    int version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc() || end != text.data() + text.size() || version < 1) {
        return Error{ErrorKind::invalid,
                     path.string() + ": a version number was wanted, got \"" + text + "\""};
    }
    if (version > state_format_version) {
        return Error{ErrorKind::refused, root.string() + ": written by a newer release in format " + text +
                                             ", this one reads up to format " +
                                             std::to_string(state_format_version)};
    }
    return {};
}

Result<std::string> draw_install_id() {
    std::array<unsigned char, install_id_digits / 2> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return system_error("install id", "draw random bits", errno);
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (const unsigned char byte : bytes) {
        id += digits[byte >> 4];
        id += digits[byte & 15];
    }
    return id;
}

Result<> check_install_id(const std::string& where, const std::string& id) {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (id.size() == install_id_digits && std::all_of(id.begin(), id.end(), is_digit)) return {};
    return Error{ErrorKind::invalid,
                 where + ": 32 lower-case hexadecimal digits were wanted, got \"" + id + "\""};
}

Result<std::string> write_install_id(const fs::path& path, const std::optional<std::string>& restored) {
    auto id = restored ? Result<std::string>(*restored) : draw_install_id();
    if (!id) return id;
    if (auto written = replace_file(path, *id + "\n"); !written) return written.error();
    return id;
}

Result<std::string> settle_install_id(const fs::path& root, const std::optional<std::string>& restored) {
    if (restored) {
        if (auto valid = check_install_id("install id", *restored); !valid) return valid.error();
    }
    const fs::path path = root / "install_id";
    auto present = read_line(path);
    if (!present) return present.error();
    if (!*present) return write_install_id(path, restored);
    if (auto valid = check_install_id(path.string(), **present); !valid) return valid.error();
    if (restored && *restored != **present) {
        return Error{ErrorKind::refused, path.string() + ": install id " + *restored +
                                             " cannot be restored, there is " + **present + " already"};
    }
    return **present;
}

}  // namespace

StateDir::StateDir(fs::path root, FileDescriptor lock, std::string install_id)
    : root_(std::move(root)), lock_(std::move(lock)), install_id_(std::move(install_id)) {}

Result<StateDir> StateDir::open(const fs::path& root, const std::optional<std::string>& restored_install_id) {
    std::error_code error;
    const fs::path absolute = fs::absolute(root / "", error).parent_path();
    if (error) return system_error(root, "make the path absolute", error.value());
    if (auto made = make_root(absolute); !made) return made.error();
    auto held = lock(absolute);
    if (!held) return held.error();
    if (auto checked = check_format(absolute); !checked) return checked.error();
    auto install_id = settle_install_id(absolute, restored_install_id);
    if (!install_id) return install_id.error();
    return StateDir(absolute, *std::move(held), *std::move(install_id));
}

Result<fs::path> StateDir::plugins_dir() const {
    fs::path folder = root_ / "plugins";
    if (auto made = make_private_directory(folder); !made) return made.error();
    return folder;
}

Result<fs::path> StateDir::backend_dir(std::string_view backend) const {
    if (backend.empty() || backend == "." || backend == ".." || backend.find('/') != std::string_view::npos) {
        return Error{ErrorKind::invalid,
                     "backend \"" + std::string(backend) + "\": a single name was wanted"};
    }
    const fs::path parent = root_ / "backends";
    if (auto made = make_private_directory(parent); !made) return made.error();
    fs::path folder = parent / backend;
    if (auto made = make_private_directory(folder); !made) return made.error();
    return folder;
}

}  // namespace elasticity
