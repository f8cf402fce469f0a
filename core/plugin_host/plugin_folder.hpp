#pragma once
#include <filesystem>

#include "core/daemon/settings.hpp"

namespace elasticity {

/// The plugin folder of the settings, or ../lib/elasticity/plugins/1 beside the running binary.
std::filesystem::path plugin_folder(const Settings& settings);

}  // namespace elasticity
