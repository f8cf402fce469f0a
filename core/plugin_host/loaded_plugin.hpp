#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/daemon/settings.hpp"
#include "core/plugin_host/plugin_description.hpp"
#include "sdk/host/error.hpp"
#include "sdk/host/services.hpp"

namespace elasticity {

/// A plugin's file that was loaded and asked about itself, before any backend of it is open.
struct LoadedPlugin {
    LibraryDescription library;
    /// What is wrong with a config of its first plugin beyond the schema, as JSON lines.
    std::function<sdk::HostResult<std::string>(const std::string& config)> check_config;

    const PluginDescription& first() const { return library.plugins.front(); }
};

struct ChildLoad {
    std::string name;                                  ///< of the child, for `ps`
    std::filesystem::path program = "/proc/self/exe";  ///< `elasticity`, where this process may be another
    std::uint64_t memory_bytes_max = std::uint64_t{1} << 30;
    std::chrono::milliseconds patience = std::chrono::seconds(30);  ///< for each of its answers
    std::function<void(const sdk::HostLogLine&)> log = [](const sdk::HostLogLine&) {};  ///< what it prints
};

/// Loads a file into a child, so that one whose constructors crash, hang or end the process is an error of one
/// sentence. The child is killed with the last copy of the result: no exit handler of the plugin runs.
sdk::HostResult<LoadedPlugin> load_isolated(const std::filesystem::path& file, ChildLoad how);

/// Loads it where its backend would run: into a child, or, `in_process`, into this process for good.
sdk::HostResult<LoadedPlugin> load_plugin(const std::filesystem::path& file, const BackendSettings& backend);

/// What the plugin's process may allocate: the setting, and the stacks of the threads that call it.
std::uint64_t memory_bytes_max(const BackendSettings& backend, unsigned threads);

}  // namespace elasticity
