#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/daemon/settings.hpp"
#include "sdk/host/error.hpp"

namespace elasticity {

/// A plugin that can be asked about itself, before any backend of it is open.
struct LoadedPlugin {
    std::string id;
    std::string version;
    std::string description;  ///< what `describe` said: JSON, if all is well
    /// What is wrong with a config beyond its schema, as JSON lines.
    std::function<sdk::HostResult<std::string>(const std::string& config)> check_config;
};

/// Loads it where its backend would run: into a child that ends with the last copy of the result, so that a plugin
/// whose constructors crash is an error; or, `in_process`, into this process for good.
sdk::HostResult<LoadedPlugin> load_plugin(const std::filesystem::path& file, const BackendSettings& backend);

/// What the plugin's process may allocate: the setting, and the stacks of the threads that call it.
std::uint64_t memory_bytes_max(const BackendSettings& backend, unsigned threads);

}  // namespace elasticity
