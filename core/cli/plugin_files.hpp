#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/cli/commands.hpp"
#include "core/daemon/settings.hpp"
#include "core/plugin_host/plugin_description.hpp"

namespace elasticity::cli {

/// Where plugins are looked for, and who uses them.
struct PluginFolder {
    std::filesystem::path path;
    Settings settings;  ///< empty where there is no settings file
};

/// From the settings; without a settings file, the folder beside our program: an author needs no daemon. When the
/// settings are wrong, it has said so and returns nothing.
std::optional<PluginFolder> find_plugin_folder(const CommonArguments& common, Terminal& terminal);

/// Loads a third party's file, which runs its code, in a child. A crash, a hang and a file that is no plugin are each
/// an error of one sentence. Blocks for little more than `patience`.
Result<LibraryDescription> inspect_plugin(const std::filesystem::path& file,
                                          std::chrono::milliseconds patience = std::chrono::seconds(10));

std::string title_of(const PluginDescription& plugin);
std::vector<std::string> interfaces_of(const PluginDescription& plugin);

/// A file that may be a plugin, asked what it is.
struct PluginFile {
    std::string name;  ///< as settings write it
    std::filesystem::path path;
    std::vector<std::string> backends, kinds;  ///< of the settings
    Result<LibraryDescription> inspection;
};

/// Every file of the folder and every plugin that a backend names, by name.
std::vector<PluginFile> look_at_plugins(const PluginFolder& folder);

}  // namespace elasticity::cli
