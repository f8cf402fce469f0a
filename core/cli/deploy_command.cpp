#include <istream>

#include "core/cli/commands.hpp"
#include "core/cli/send.hpp"
#include "core/cli/settings_file.hpp"

namespace elasticity::cli {

ExitCode deploy(const CommonArguments& common, const DeployArguments& arguments, Terminal& terminal) {
    const auto settings = load_settings(common.settings_file, terminal);
    if (!settings) return ExitCode::usage;
    const auto text = read_input(arguments.file, terminal.in, settings->deploy.message_max_bytes);
    if (!text) return fail(terminal, text.error());
    const auto request = read_request(arguments.file, *text, fresh_request_id());
    if (!request) return fail(terminal, request.error());
    return send(*settings, *request, arguments.follow, common.json, terminal);
}

ExitCode change_tool(const CommonArguments& common, const ToolArguments& arguments, Terminal& terminal) {
    const auto settings = load_settings(common.settings_file, terminal);
    if (!settings) return ExitCode::usage;
    const auto target = find_target(*settings, arguments.target);
    if (!target) return fail(terminal, target.error());
    const Request request = make_request(arguments, (*target)->target.id(), fresh_request_id());
    return send(*settings, request, arguments.follow, common.json, terminal);
}

}  // namespace elasticity::cli
