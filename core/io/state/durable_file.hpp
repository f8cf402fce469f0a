#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.hpp"

namespace elasticity {

/// The error of a failed system call: "PATH: cannot ACTION: CAUSE". The kind follows from the number:
/// no room is `exhausted`, a missing name `not_found`, a forbidden one `refused`.
Error system_error(const std::filesystem::path& path, std::string_view action, int error_number);

/// Adds a clean-up that failed too to the error that made it necessary.
Error with_cleanup(Error error, const Result<>& cleanup);

/// Who may do what with a file.
struct FileAccess {
    mode_t mode = 0600;
    std::optional<uid_t> owner;  ///< nothing: whoever creates it
    std::optional<gid_t> group;
};

/// A file's whole text, and who may touch it.
struct FileText {
    std::string text;
    FileAccess access;
};

/// Who owns the file and who may use it, without its text; nothing when there is no such file.
Result<std::optional<FileAccess>> read_access(const std::filesystem::path& path);

/// Reads a regular file of at most `bytes_max`; nothing when there is none. Links are not followed.
Result<std::optional<FileText>> read_file(const std::filesystem::path& path, std::uint64_t bytes_max);

/// Creates or truncates `path`, writes, and syncs it. After an error the file may be there in part.
Result<> write_synced(const std::filesystem::path& path, std::string_view text, const FileAccess& access);

/// Makes renames and removals in `directory` durable.
Result<> sync_directory(const std::filesystem::path& directory);

/// Replaces `path` as a whole and durably: a crash leaves the old text or the new, an error leaves the old.
/// Uses `path` + ".new" on the way; that name must have one writer at a time.
Result<> replace_file(const std::filesystem::path& path, std::string_view text,
                      const FileAccess& access = {});

/// The names in `directory`, unsorted; a missing directory has none.
Result<std::vector<std::string>> list_names(const std::filesystem::path& directory);

/// Removes a file; one that is gone already is no error.
Result<> remove_file(const std::filesystem::path& path);

}  // namespace elasticity
