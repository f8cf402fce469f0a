#include "core/cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <list>

#include "core/daemon/version.hpp"
#include "core/model/schema.hpp"

namespace elasticity::cli {
namespace {

std::string default_settings_file() {
    const char* given = std::getenv("ELASTICITY_CONFIG");
    return given && *given ? given : "/etc/elasticity/elasticity.json";
}

/// The grammar of the command line; what it finds goes into `invocation`.
class Grammar {
public:
    Grammar() {
        app_.set_version_flag("--version", std::string("elasticity ") + version_text, "Print the version");
        app_.set_help_flag("-h,--help", "Print this help");
        app_.get_formatter()->column_width(20);
        app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
        app_.get_formatter()->label("Subcommands", "Commands");
        app_.footer(
            "Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 unreachable, 4 rejected.\n"
            "'elasticity COMMAND --help' tells more.");
        app_.require_subcommand(1);
        add_run();
        add_deploy();
        add_tool_command("remove", "Drain and remove a tool's workers, then forget the tool", Action::remove);
        add_tool_command("pause", "Leave a tool's workers as they are until it is resumed", Action::pause);
        add_tool_command("resume", "Let a paused tool follow its queue again", Action::resume);
        add_status();
        add_config();
        add_plugin();
        add_plugin_host();
    }

    std::variant<Invocation, EarlyEnd> parse(std::vector<std::string> arguments) {
        if (arguments.empty()) return wrong("no command given");
        if (auto unknown = unknown_command(arguments)) return wrong(*unknown);
        std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
        try {
            app_.parse(arguments);
        } catch (const CLI::CallForVersion& version) {
            return EarlyEnd{ExitCode::done, std::string(version.what()) + "\n"};
        } catch (const CLI::CallForHelp&) {
            return EarlyEnd{ExitCode::done, app_.help()};
        } catch (const CLI::ParseError& error) {
            return wrong(error.what());
        }
        return invocation_;
    }

private:
    static EarlyEnd wrong(const std::string& message) {
        return {ExitCode::usage, "elasticity: " + message + "; try 'elasticity --help'\n"};
    }

    /// CLI11 would say that an argument was not expected; a person mistyped a command.
    std::optional<std::string> unknown_command(const std::vector<std::string>& arguments) const {
        const CLI::App* group = &app_;
        for (const std::string& word : arguments) {
            const auto commands = group->get_subcommands([](const CLI::App*) { return true; });
            if (commands.empty() || word.starts_with("-")) return std::nullopt;
            std::vector<std::string> names;
            for (const CLI::App* command : commands) names.push_back(command->get_name());
            const auto known = std::find(names.begin(), names.end(), word);
            if (known == names.end()) {
                const std::string nearest = nearest_name(word, names);
                return "no command '" + word + "'" +
                       (nearest.empty() ? "" : ", did you mean '" + nearest + "'?");
            }
            group = group->get_subcommand(word);
        }
        return std::nullopt;
    }

    /// A command of `group` that, when it is given, is what `invocation_` holds.
    template <class Arguments>
    CLI::App* add_command(CLI::App& group, const std::string& name, const std::string& text,
                          Arguments& arguments) {
        CLI::App* command = group.add_subcommand(name, text);
        command
            ->add_option("--config", invocation_.common.settings_file,
                         "Settings file, else $ELASTICITY_CONFIG, else /etc/elasticity/elasticity.json")
            ->type_name("FILE");
        command->add_flag("--json", invocation_.common.json, "Print JSON");
        command->callback([this, &arguments] { invocation_.command = arguments; });
        return command;
    }

    static void add_follow(CLI::App& command, FollowArguments& follow) {
        CLI::Option* wait =
            command.add_flag("--wait", follow.wait, "Follow the answers until every tool has settled");
        command
            .add_option_function<std::uint32_t>(
                "--timeout",
                [&follow](std::uint32_t seconds) { follow.timeout = std::chrono::seconds(seconds); },
                "Wait at most so many seconds (600)")
            ->type_name("S")
            ->check(CLI::Range(1U, 86'400U))
            ->needs(wait);
    }

    void add_run() {
        CLI::App* command = add_command(app_, "run", "Run the daemon", run_);
        command->add_flag("--accept-empty", run_.accept_empty,
                          "Go on with a missing, empty or older tools.json");
        command->add_option("--install-id", run_.install_id, "Adopt the workers of an earlier installation")
            ->type_name("ID");
    }

    void add_deploy() {
        CLI::App* command = add_command(app_, "deploy", "Send a deploy message", deploy_);
        command->add_option("file", deploy_.file, "The message; - reads standard input")
            ->required()
            ->type_name("FILE");
        add_follow(*command, deploy_.follow);
    }

    void add_tool_command(const std::string& name, const std::string& text, Action action) {
        ToolArguments& arguments = tool_commands_.emplace_back();
        arguments.action = action;
        CLI::App* command = add_command(app_, name, text, arguments);
        command->add_option("tool", arguments.tool, "The tool's name")->required()->type_name("TOOL");
        add_target(*command, arguments.target, "The tool's target, by default the one of the deploy queue");
        if (action == Action::remove) {
            command->add_option("--delete-queue", arguments.delete_queue, "What becomes of the queue")
                ->type_name("WHEN")
                ->check(CLI::IsMember({"never", "if_empty", "always"}));
            command->add_flag("--force", arguments.force, "End workers that hold messages, too");
        }
        add_follow(*command, arguments.follow);
    }

    static void add_target(CLI::App& command, std::string& target, const std::string& text) {
        command.add_option("--target", target, text)->type_name("NAME");
    }

    void add_status() {
        CLI::App* command = add_command(app_, "status", "Show tools, instances and queues", status_);
        command->add_option("tool", status_.tool, "Only this tool, with its instances")->type_name("TOOL");
        add_target(*command, status_.target, "Only tools of this target");
        command->add_flag("--watch", status_.watch, "Show it again each second");
    }

    void add_config() {
        CLI::App* config =
            app_.add_subcommand("config", "Check and show settings; history and rollback of tools");
        config->require_subcommand(1);
        CLI::App* check =
            add_command(*config, "check", "Report everything that is wrong with the settings", check_);
        check->add_option("file", check_.file, "Instead of the settings file")->type_name("FILE");
        CLI::App* show = add_command(*config, "show", "Print the settings with all defaults", show_);
        show->add_flag("--tools", show_.tools, "Print tools.json instead");
        CLI::App* history = add_command(*config, "history", "List the generations of tools.json", history_);
        history->add_option("--diff", history_.diff, "Print what this generation changed")
            ->type_name("N")
            ->check(CLI::PositiveNumber);
        CLI::App* rollback =
            add_command(*config, "rollback", "Wish for the tools of an earlier generation", rollback_);
        rollback->add_option("generation", rollback_.generation, "From 'config history'")
            ->required()
            ->type_name("N")
            ->check(CLI::PositiveNumber);
        rollback->add_flag("--yes", rollback_.yes, "Do not ask");
    }

    void add_plugin() {
        CLI::App* plugin =
            app_.add_subcommand("plugin", "Write, list, describe and upgrade plugins");
        plugin->require_subcommand(1);
        CLI::App* create =
            add_command(*plugin, "new", "Write a project that is a plugin already", plugin_new_);
        create->add_option("name", plugin_new_.name, "Such as my-cloud")->required()->type_name("NAME");
        create->add_option("--directory", plugin_new_.directory, "Where to, instead of NAME")
            ->type_name("DIR");
        create->add_option("--language", plugin_new_.language, "c++ (default) or c")
            ->type_name("LANGUAGE")
            ->check(CLI::IsMember({"c++", "c"}));
        add_command(*plugin, "list", "List the plugins that are installed or in use", plugin_list_);
        CLI::App* describe = add_command(*plugin, "describe",
                                         "Print the fields of a plugin's backends and tools", plugin_describe_);
        describe->add_option("plugin", plugin_describe_.plugin, "A plugin's name, or its file")
            ->required()
            ->type_name("PLUGIN");
        describe->add_flag("--markdown", plugin_describe_.markdown, "Print tables of Markdown");
        CLI::App* upgrade = add_command(*plugin, "upgrade", "Replace the plugin of a backend while it runs", plugin_upgrade_);
        upgrade->add_option("backend", plugin_upgrade_.backend, "A backend of the settings")->required()->type_name("BACKEND");
        upgrade->add_option("file", plugin_upgrade_.file, "Instead of the file in the plugin folder")->type_name("FILE");
        upgrade->add_flag("--force", plugin_upgrade_.force,
                          "Also where the new one does not find all workers, or is the same file");
    }

    /// For the daemon, not for people: in no help.
    void add_plugin_host() {
        CLI::App* command = add_command(app_, "plugin-host", "Serve one plugin to the daemon", plugin_host_);
        command->group("");
        command->add_option("--parent", plugin_host_.parent, "The daemon's process")->required()->type_name("PID");
        command->add_option("backend", plugin_host_.backend, "The backend's name")->required()->type_name("NAME");
    }

    Invocation invocation_{{default_settings_file(), false}, {}};
    RunArguments run_;
    DeployArguments deploy_;
    std::list<ToolArguments> tool_commands_;  // a list: the options point into it
    StatusArguments status_;
    ConfigCheckArguments check_;
    ConfigShowArguments show_;
    ConfigHistoryArguments history_;
    ConfigRollbackArguments rollback_;
    PluginNewArguments plugin_new_;
    PluginListArguments plugin_list_;
    PluginDescribeArguments plugin_describe_;
    PluginUpgradeArguments plugin_upgrade_;
    PluginHostArguments plugin_host_;
    CLI::App app_{"Elasticity runs as many workers as each RabbitMQ queue needs.", "elasticity"};
};

}  // namespace

std::variant<Invocation, EarlyEnd> parse_arguments(const std::vector<std::string>& arguments) {
    return Grammar().parse(arguments);
}

}  // namespace elasticity::cli
