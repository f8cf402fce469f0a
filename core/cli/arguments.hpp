#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/cli/exit_code.hpp"
#include "core/intake/message.hpp"

namespace elasticity::cli {

/// What every command takes.
struct CommonArguments {
    std::string settings_file;
    bool json = false;
};

struct RunArguments {
    bool accept_empty = false;
    std::optional<std::string> install_id;
};

struct FollowArguments {
    bool wait = false;
    std::chrono::seconds timeout{600};
};

struct DeployArguments {
    std::string file;  ///< "-" is standard input
    FollowArguments follow;
};

/// remove, pause, resume
struct ToolArguments {
    Action action = Action::remove;
    std::string tool;
    std::string target;  ///< name; empty: the one that carries the deploy queue
    std::optional<std::string> delete_queue;
    bool force = false;
    FollowArguments follow;
};

struct StatusArguments {
    std::string tool;    ///< empty: all
    std::string target;  ///< name; empty: all
    bool watch = false;
};

/// Hidden: what the daemon starts for a backend.
struct PluginHostArguments {
    int parent = 0;
    std::string backend;  ///< for `ps` alone
};

struct ConfigCheckArguments {
    std::string file;  ///< empty: the settings file
};

struct ConfigShowArguments {
    bool tools = false;
};

struct ConfigHistoryArguments {
    std::optional<std::uint64_t> diff;
};

struct ConfigRollbackArguments {
    std::uint64_t generation = 0;
    bool yes = false;
};

struct PluginNewArguments {
    std::string name;
    std::string directory;  ///< empty: the name
    std::string language = "c++";
};

struct PluginListArguments {};

struct PluginDescribeArguments {
    std::string plugin;  ///< a name in the plugin folder, or a file
    bool markdown = false;
};

struct PluginUpgradeArguments {
    std::string backend;
    std::string file;  ///< empty: the one in the plugin folder
    bool force = false;
};

/// A command line that was understood.
struct Invocation {
    CommonArguments common;
    std::variant<RunArguments, DeployArguments, ToolArguments, StatusArguments, ConfigCheckArguments,
                 ConfigShowArguments, ConfigHistoryArguments, ConfigRollbackArguments, PluginNewArguments, PluginListArguments,
                 PluginDescribeArguments, PluginUpgradeArguments, PluginHostArguments>
        command;
};

/// A command line that asked for help or the version, or that was not understood.
struct EarlyEnd {
    ExitCode code = ExitCode::done;
    std::string text;  ///< for standard output when done, for standard error otherwise
};

/// Reads the arguments, without the program's name. `$ELASTICITY_CONFIG` is the default of --config.
std::variant<Invocation, EarlyEnd> parse_arguments(const std::vector<std::string>& arguments);

}  // namespace elasticity::cli
