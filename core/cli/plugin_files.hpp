#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/cli/commands.hpp"
#include "core/daemon/settings.hpp"
#include "core/plugin_host/plugin_inspection.hpp"

namespace elasticity::cli {

/// Where plugins are looked for, and who uses them.
struct PluginFolder {
    std::filesystem::path path;
    Settings settings;  ///< empty where there is no settings file
};

/// From the settings; without a settings file, the folder beside our program: an author needs no daemon. When the
/// settings are wrong, it has said so and returns nothing.
std::optional<PluginFolder> find_plugin_folder(const CommonArguments& common, Terminal& terminal);

/// A file that may be a plugin, asked what it is.
struct PluginFile {
    std::string name;  ///< as settings write it
    std::filesystem::path path;
    std::vector<std::string> backends, kinds;  ///< of the settings
    Result<PluginInspection> inspection;
};

/// Every file of the folder and every plugin that a backend names, by name.
std::vector<PluginFile> look_at_plugins(const PluginFolder& folder);

}  // namespace elasticity::cli
