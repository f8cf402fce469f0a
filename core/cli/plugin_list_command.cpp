#include <boost/json.hpp>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/plugin_files.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "-" : printable(text);
}

json::array to_json(const std::vector<std::string>& names) {
    return json::array(names.begin(), names.end());
}

json::object to_json(const PluginFile& file) {
    json::object object{{"name", file.name},
                        {"file", file.path.string()},
                        {"backends", to_json(file.backends)},
                        {"kinds", to_json(file.kinds)}};
    if (!file.inspection) {
        object["error"] = file.inspection.error().message;
        return object;
    }
    object["toolchain"] = file.inspection->toolchain;
    json::array plugins;
    for (const PluginDescription& plugin : file.inspection->plugins)
        plugins.push_back({{"id", plugin.id}, {"version", plugin.version}, {"title", title_of(plugin)},
                           {"interfaces", to_json(interfaces_of(plugin))}});
    object["plugins"] = std::move(plugins);
    return object;
}

void print_json(const PluginFolder& folder, const std::vector<PluginFile>& files, Terminal& terminal) {
    json::array array;
    for (const PluginFile& file : files) array.push_back(to_json(file));
    terminal.out << json::object{{"folder", folder.path.string()}, {"plugins", std::move(array)}}
                 << std::endl;
}

void print(const PluginFolder& folder, const std::vector<PluginFile>& files, Terminal& terminal) {
    std::vector<std::vector<std::string>> rows{
        {"PLUGIN", "VERSION", "ID", "TITLE", "KINDS", "BACKENDS", "INTERFACES", "TOOLCHAIN"}};
    for (const PluginFile& file : files) {
        if (!file.inspection) continue;
        for (const PluginDescription& plugin : file.inspection->plugins)
            rows.push_back({file.name, printable(plugin.version), printable(plugin.id), printable(title_of(plugin)),
                            joined(file.kinds), joined(file.backends), joined(interfaces_of(plugin)),
                            printable(file.inspection->toolchain)});
    }
    terminal.out << "in " << folder.path.string() << "\n\n"
                 << to_table(rows, terminal.is_live ? terminal.columns : 0) << std::flush;
    for (const PluginFile& file : files)
        if (!file.inspection) terminal.err << printable(file.inspection.error().message) << std::endl;
}

}  // namespace

ExitCode plugin_list(const CommonArguments& common, const PluginListArguments&, Terminal& terminal) {
    const auto folder = find_plugin_folder(common, terminal);
    if (!folder) return ExitCode::usage;
    const std::vector<PluginFile> files = look_at_plugins(*folder);
    if (common.json)
        print_json(*folder, files, terminal);
    else
        print(*folder, files, terminal);
    for (const PluginFile& file : files)
        if (!file.inspection) return ExitCode::failed;
    return ExitCode::done;
}

}  // namespace elasticity::cli
