#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// The layout of a state directory. Raised when an older daemon could no longer read what we write.
inline constexpr int state_format_version = 1;

/// The directory that one daemon owns, locked from `open` until the object dies, also by kill -9.
class StateDir {
public:
    /// Creates `root` (mode 0700) where it is missing, locks it, and reads or draws the install id.
    ///
    /// `restored_install_id` (32 lower-case hexadecimal digits) adopts the workers of an earlier
    /// installation; it is refused when the directory has another one already.
    /// Errors: `conflict` names the process that holds the directory; `refused` a newer format.
    static Result<StateDir> open(const std::filesystem::path& root,
                                 const std::optional<std::string>& restored_install_id = std::nullopt);

    const std::filesystem::path& root() const { return root_; }

    /// 128 random bits in hexadecimal: the owner label of every resource that this installation makes.
    const std::string& install_id() const { return install_id_; }

    std::filesystem::path tools_file() const { return root_ / "tools.json"; }
    std::filesystem::path history_dir() const { return root_ / "history"; }
    std::filesystem::path journal_file() const { return root_ / "journal.db"; }
    std::filesystem::path control_socket() const { return root_ / "control.sock"; }

    /// Where the running copies of plugins are (mode 0700), made when it is missing.
    Result<std::filesystem::path> plugins_dir() const;

    /// The private folder of one backend (mode 0700), made when it is missing. `backend` is a single name.
    Result<std::filesystem::path> backend_dir(std::string_view backend) const;

private:
    StateDir(std::filesystem::path root, FileDescriptor lock, std::string install_id);

    std::filesystem::path root_;
    FileDescriptor lock_;
    std::string install_id_;
};

}  // namespace elasticity
