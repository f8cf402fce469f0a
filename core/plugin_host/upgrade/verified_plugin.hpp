#pragma once
#include <sys/types.h>

#include <filesystem>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"

namespace elasticity {

inline constexpr std::uint64_t plugin_bytes_max = std::uint64_t{1} << 30;

/// A plugin's file, open: what was checked is what will be read, whatever its name leads to by then.
struct OpenedPlugin {
    FileDescriptor file;
    std::filesystem::path path;  ///< as it was named
};

/// Opens a regular file of at most plugin_bytes_max, through links.
Result<OpenedPlugin> open_plugin(const std::filesystem::path& file);

/// Refuses what anybody but root and `daemon_user` could have written, now or in a moment: the file, the folder
/// that holds it, and, where its name is a link, the folder that holds the link.
Result<> verify_plugin(const OpenedPlugin& plugin, uid_t daemon_user);

}  // namespace elasticity
