#include <boost/json.hpp>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/generations.hpp"
#include "core/cli/settings_file.hpp"
#include "core/io/state/durable_file.hpp"
#include "core/io/state/tools_file.hpp"
#include "core/io/time_zones/time_zones.hpp"
#include "core/model/json_text.hpp"
#include "core/plugin_host/backend_catalog.hpp"
#include "core/plugin_host/plugin_folder.hpp"
#include "core/state/tools_text.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

/// What is wrong with one file; the messages begin with LINE:COLUMN.
struct CheckedFile {
    std::string file;
    Findings errors;
    Findings warnings;
};

/// The settings, and what the plugins say about theirs. The context is that for tools.json, when there can be
/// one.
CheckedFile check_settings(const std::string& file, const std::string& text,
                           std::optional<Settings>& settings, std::optional<IntakeContext>& context) {
    ParsedSettings parsed = parse_settings(text);
    CheckedFile checked{file, std::move(parsed.errors), std::move(parsed.warnings)};
    if (!checked.errors.empty()) return checked;
    settings = std::move(parsed.settings);
    BackendCatalog catalog = BackendCatalog::load(*settings, plugin_folder(*settings));
    auto made = make_intake_context(*settings, catalog);
    if (!made) catalog.errors.push_back({"invalid_field", "/placement", made.error().message});
    add_positions(catalog.errors, text);
    checked.errors = std::move(catalog.errors);
    if (made) made->knows_time_zone = [](const std::string& zone) { return find_time_zone(zone) != nullptr; };
    if (made && checked.errors.empty()) context = std::move(*made);
    return checked;
}

/// What the module itself wrote stays in force when the settings no longer fit it: that is a warning. A hand
/// edit would be refused.
CheckedFile check_tools(const Settings& settings, const IntakeContext& context) {
    const std::filesystem::path path = tools_path_of(settings);
    CheckedFile checked{path.string(), {}, {}};
    const auto file = read_file(path, tools_file_bytes_max);
    if (!file) checked.warnings.push_back({"unreadable", "", " not checked: " + file.error().message});
    if (!file || !*file) return checked;
    const std::string& text = (*file)->text;
    checked.errors = parse_tools(text, context, Author::person).findings;
    const auto generation = generation_of(text);
    const auto kept = generation ? history_of(settings).read(*generation) : Result<std::string>(Error{});
    const bool is_accepted =
        kept && *kept == text && parse_tools(text, context, Author::module).findings.empty();
    if (is_accepted) std::swap(checked.errors, checked.warnings);
    return checked;
}

/// False also where we may not look: the state directory is the daemon's.
bool is_there(const std::filesystem::path& path) {
    std::error_code failed;
    return std::filesystem::exists(path, failed) && !failed;
}

json::array to_json(const Findings& findings) {
    json::array array;
    for (const Finding& finding : findings)
        array.push_back({{"code", finding.code}, {"pointer", finding.pointer}, {"message", finding.message}});
    return array;
}

void print_json(const std::vector<CheckedFile>& files, std::ostream& out) {
    json::array array;
    for (const CheckedFile& each : files)
        array.push_back(
            {{"file", each.file}, {"errors", to_json(each.errors)}, {"warnings", to_json(each.warnings)}});
    out << json::object{{"files", std::move(array)}} << std::endl;
}

void print(const std::vector<CheckedFile>& files, Terminal& terminal) {
    for (const CheckedFile& each : files) {
        tell(terminal.err, each.file, each.errors);
        tell(terminal.err, each.file, each.warnings, " (warning)");
        if (each.errors.empty()) terminal.out << each.file << ": ok" << std::endl;
    }
}

}  // namespace

ExitCode config_check(const CommonArguments& common, const ConfigCheckArguments& arguments,
                      Terminal& terminal) {
    const std::string file = arguments.file.empty() ? common.settings_file : arguments.file;
    const auto text = read_input(file, terminal.in, settings_bytes_max);
    if (!text) return fail(terminal, text.error());
    std::optional<Settings> settings;
    std::optional<IntakeContext> context;
    std::vector<CheckedFile> files{check_settings(file, *text, settings, context)};
    const bool has_tools = settings && is_there(tools_path_of(*settings));
    if (context && has_tools) files.push_back(check_tools(*settings, *context));
    if (common.json)
        print_json(files, terminal.out);
    else
        print(files, terminal);
    for (const CheckedFile& each : files)
        if (!each.errors.empty()) return ExitCode::usage;
    return ExitCode::done;
}

}  // namespace elasticity::cli
