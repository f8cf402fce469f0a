#include <ostream>

#include "core/cli/commands.hpp"
#include "core/daemon/daemon.hpp"
#include "core/plugin_host/isolation/plugin_server.hpp"

namespace elasticity::cli {
namespace {

/// One overload for each command.
struct Dispatch {
    const CommonArguments& common;
    Terminal& terminal;

    ExitCode operator()(const RunArguments& run) const {
        return static_cast<ExitCode>(run_daemon({common.settings_file, run.accept_empty, run.install_id}));
    }
    ExitCode operator()(const DeployArguments& given) const { return deploy(common, given, terminal); }
    ExitCode operator()(const ToolArguments& given) const { return change_tool(common, given, terminal); }
    ExitCode operator()(const StatusArguments& given) const { return status(common, given, terminal); }
    ExitCode operator()(const ConfigCheckArguments& given) const {
        return config_check(common, given, terminal);
    }
    ExitCode operator()(const ConfigShowArguments& given) const {
        return config_show(common, given, terminal);
    }
    ExitCode operator()(const ConfigHistoryArguments& given) const {
        return config_history(common, given, terminal);
    }
    ExitCode operator()(const ConfigRollbackArguments& given) const {
        return config_rollback(common, given, terminal);
    }
    ExitCode operator()(const PluginNewArguments& given) const { return plugin_new(common, given, terminal); }
    ExitCode operator()(const PluginListArguments& given) const {
        return plugin_list(common, given, terminal);
    }
    ExitCode operator()(const PluginDescribeArguments& given) const {
        return plugin_describe(common, given, terminal);
    }
    ExitCode operator()(const PluginUpgradeArguments& given) const {
        return plugin_upgrade(common, given, terminal);
    }
    ExitCode operator()(const PluginHostArguments& given) const {
        return static_cast<ExitCode>(run_plugin_host(given.parent));
    }
};

}  // namespace

ExitCode run(const std::vector<std::string>& arguments, Terminal& terminal) {
    const auto parsed = parse_arguments(arguments);
    if (const auto* end = std::get_if<EarlyEnd>(&parsed)) {
        (end->code == ExitCode::done ? terminal.out : terminal.err) << end->text;
        return end->code;
    }
    const auto& invocation = std::get<Invocation>(parsed);
    return std::visit(Dispatch{invocation.common, terminal}, invocation.command);
}

}  // namespace elasticity::cli
