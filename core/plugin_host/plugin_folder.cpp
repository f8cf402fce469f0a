#include "core/plugin_host/plugin_folder.hpp"

namespace elasticity {

std::filesystem::path plugin_folder(const Settings& settings) {
    if (!settings.plugin_dir.empty()) return settings.plugin_dir;
    const auto binary = std::filesystem::read_symlink("/proc/self/exe");
    return binary.parent_path().parent_path() / "lib/elasticity/plugins/1";
}

}  // namespace elasticity
