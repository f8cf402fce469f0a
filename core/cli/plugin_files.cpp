#include "core/cli/plugin_files.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>
#include <set>

#include "core/cli/json_fields.hpp"
#include "core/cli/own_program.hpp"
#include "core/cli/settings_file.hpp"
#include "core/plugin_host/loaded_plugin.hpp"
#include "core/plugin_host/plugin_folder.hpp"

namespace elasticity::cli {
namespace {
namespace fs = std::filesystem;

std::set<std::string> names_in(const PluginFolder& folder) {
    std::set<std::string> names;
    std::error_code missing;  // then a backend's plugin is told to be missing
    for (const auto& entry : fs::directory_iterator(folder.path, missing))
        if (entry.path().extension() == ".so") names.insert(entry.path().stem().string());
    for (const auto& [name, backend] : folder.settings.backends) names.insert(backend.plugin);
    return names;
}

void add_uses(const Settings& settings, PluginFile& file) {
    for (const auto& [name, backend] : settings.backends)
        if (backend.plugin == file.name) file.backends.push_back(name);
    const auto is_ours = [&](const std::string& backend) {
        return std::find(file.backends.begin(), file.backends.end(), backend) != file.backends.end();
    };
    for (const auto& [kind, backends] : settings.placement)
        if (std::any_of(backends.begin(), backends.end(), is_ours)) file.kinds.push_back(kind);
}

}  // namespace

std::optional<PluginFolder> find_plugin_folder(const CommonArguments& common, Terminal& terminal) {
    std::error_code failed;
    if (!fs::exists(common.settings_file, failed) && !failed) {
        const Settings none;
        return PluginFolder{plugin_folder(none), none};
    }
    auto settings = load_settings(common.settings_file, terminal);
    if (!settings) return std::nullopt;
    return PluginFolder{plugin_folder(*settings), std::move(*settings)};
}

Result<LibraryDescription> inspect_plugin(const fs::path& file, std::chrono::milliseconds patience) {
    ChildLoad how;
    how.name = file.filename();
    how.program = own_program();
    how.patience = patience;
    auto plugin = load_isolated(file, std::move(how));
    if (plugin) return std::move(plugin->library);
    const std::string& why = plugin.error().message;
    const std::string prefix = file.string() + ": ";  // What the loader says names the file already.
    return Error{ErrorKind::invalid, why.starts_with(prefix) ? why : prefix + why};
}

std::string title_of(const PluginDescription& plugin) { return text_at(plugin.description, "title"); }

std::vector<std::string> interfaces_of(const PluginDescription& plugin) {
    std::vector<std::string> names;
    for (const boost::json::value& each : array_at(plugin.description, "interfaces"))
        if (each.is_string()) names.emplace_back(each.get_string());
    return names;
}

std::vector<PluginFile> look_at_plugins(const PluginFolder& folder) {
    std::vector<PluginFile> files;
    for (const std::string& name : names_in(folder)) {
        const fs::path path = folder.path / (name + ".so");
        PluginFile file{name, path, {}, {}, inspect_plugin(path)};
        add_uses(folder.settings, file);
        files.push_back(std::move(file));
    }
    return files;
}

}  // namespace elasticity::cli
