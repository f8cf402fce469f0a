#include <boost/json.hpp>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/generations.hpp"
#include "core/cli/settings_file.hpp"
#include "core/cli/settings_text.hpp"
#include "core/io/state/durable_file.hpp"
#include "core/io/state/tools_file.hpp"
#include "core/model/json_text.hpp"

namespace elasticity::cli {
namespace {

ExitCode show_tools(const Settings& settings, Terminal& terminal) {
    const auto path = tools_path_of(settings);
    const auto file = read_file(path, tools_file_bytes_max);
    if (!file) return fail(terminal, file.error());
    if (!*file) return fail(terminal, ExitCode::failed, path.string() + ": there is no such file");
    terminal.out << (*file)->text << std::flush;
    return ExitCode::done;
}

}  // namespace

ExitCode config_show(const CommonArguments& common, const ConfigShowArguments& arguments,
                     Terminal& terminal) {
    const auto settings = load_settings(common.settings_file, terminal);
    if (!settings) return ExitCode::usage;
    if (arguments.tools) return show_tools(*settings, terminal);
    if (common.json)
        terminal.out << to_json(*settings) << std::endl;
    else
        terminal.out << to_pretty_json(to_json(*settings)) << std::flush;
    return ExitCode::done;
}

}  // namespace elasticity::cli
