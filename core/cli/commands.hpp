#pragma once
#include "core/cli/arguments.hpp"
#include "core/cli/terminal.hpp"

namespace elasticity::cli {

/// Runs one command line, without the program's name: everything but the daemon talks through `terminal`
/// alone.
ExitCode run(const std::vector<std::string>& arguments, Terminal& terminal);

// One file each: deploy_command.cpp, status_command.cpp, config_*_command.cpp, plugin_*_command.cpp. They have told everything when
// they return.
ExitCode deploy(const CommonArguments& common, const DeployArguments& arguments, Terminal& terminal);
ExitCode change_tool(const CommonArguments& common, const ToolArguments& arguments, Terminal& terminal);
ExitCode status(const CommonArguments& common, const StatusArguments& arguments, Terminal& terminal);
ExitCode config_check(const CommonArguments& common, const ConfigCheckArguments& arguments,
                      Terminal& terminal);
ExitCode config_show(const CommonArguments& common, const ConfigShowArguments& arguments, Terminal& terminal);
ExitCode config_history(const CommonArguments& common, const ConfigHistoryArguments& arguments,
                        Terminal& terminal);
ExitCode config_rollback(const CommonArguments& common, const ConfigRollbackArguments& arguments,
                         Terminal& terminal);
ExitCode plugin_new(const CommonArguments& common, const PluginNewArguments& arguments, Terminal& terminal);
ExitCode plugin_list(const CommonArguments& common, const PluginListArguments& arguments, Terminal& terminal);
ExitCode plugin_describe(const CommonArguments& common, const PluginDescribeArguments& arguments,
                         Terminal& terminal);
ExitCode plugin_upgrade(const CommonArguments& common, const PluginUpgradeArguments& arguments, Terminal& terminal);

}  // namespace elasticity::cli
