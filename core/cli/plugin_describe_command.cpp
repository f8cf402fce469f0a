#include <boost/json.hpp>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/json_fields.hpp"
#include "core/cli/plugin_files.hpp"
#include "core/cli/schema_table.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

struct Section {
    const char* title;
    const char* schema;
};
constexpr Section sections[] = {{"Settings of a backend", "config_schema"},
                                {"Fields of a tool", "spec_schema"}};

std::vector<std::vector<std::string>> table_of(const PluginDescription& plugin, const Section& section) {
    auto rows = schema_rows(object_at(plugin.description, section.schema));
    if (!rows.empty()) rows.insert(rows.begin(), {"FIELD", "TYPE", "DEFAULT", "MEANING"});
    return rows;
}

std::string summary(const PluginDescription& plugin) {
    std::string interfaces;
    for (const std::string& each : interfaces_of(plugin)) interfaces += (interfaces.empty() ? "" : ", ") + each;
    return printable(plugin.id + " " + plugin.version + ": " + interfaces + "; calls at once: " +
                     number_at(plugin.description, "max_concurrency"));
}

void print(const PluginDescription& plugin, Terminal& terminal) {
    terminal.out << printable(title_of(plugin)) << "\n" << summary(plugin) << "\n";
    for (const Section& section : sections) {
        const auto rows = table_of(plugin, section);
        terminal.out << "\n" << section.title << (rows.empty() ? ": none" : "") << "\n"
                     << to_table(rows, terminal.is_live ? terminal.columns : 0);
    }
}

void print_markdown(const PluginDescription& plugin, Terminal& terminal) {
    terminal.out << "### " << printable(title_of(plugin)) << "\n\n" << summary(plugin) << "\n";
    for (const Section& section : sections) {
        const auto rows = table_of(plugin, section);
        terminal.out << "\n**" << section.title << "**" << (rows.empty() ? ": none" : "") << "\n\n"
                     << to_markdown(rows);
    }
}

void print_json(const LibraryDescription& inspection, Terminal& terminal) {
    json::array plugins;
    for (const PluginDescription& plugin : inspection.plugins) plugins.push_back(plugin.description);
    terminal.out << json::object{{"toolchain", inspection.toolchain}, {"plugins", std::move(plugins)}}
                 << std::endl;
}

}  // namespace

ExitCode plugin_describe(const CommonArguments& common, const PluginDescribeArguments& arguments,
                         Terminal& terminal) {
    std::filesystem::path file = arguments.plugin;
    const bool is_name = !file.has_parent_path() && file.extension() != ".so";
    if (is_name) {
        const auto folder = find_plugin_folder(common, terminal);
        if (!folder) return ExitCode::usage;
        file = folder->path / (arguments.plugin + ".so");
    }
    const auto inspection = inspect_plugin(file);
    if (!inspection) return fail(terminal, ExitCode::failed, inspection.error().message);
    if (common.json) {
        print_json(*inspection, terminal);
        return ExitCode::done;
    }
    for (const PluginDescription& plugin : inspection->plugins)
        arguments.markdown ? print_markdown(plugin, terminal) : print(plugin, terminal);
    terminal.out.flush();
    return ExitCode::done;
}

}  // namespace elasticity::cli
