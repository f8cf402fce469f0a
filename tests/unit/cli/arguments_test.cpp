#include "core/cli/arguments.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <sstream>

namespace elasticity::cli {
namespace {

Invocation accepted(const std::vector<std::string>& arguments) {
    const auto parsed = parse_arguments(arguments);
    if (const auto* end = std::get_if<EarlyEnd>(&parsed)) FAIL(end->text);
    return std::get<Invocation>(parsed);
}

EarlyEnd ended(const std::vector<std::string>& arguments) {
    const auto parsed = parse_arguments(arguments);
    REQUIRE(std::holds_alternative<EarlyEnd>(parsed));
    return std::get<EarlyEnd>(parsed);
}

TEST_CASE("arguments: the help fits a screen of 80 columns and 24 lines") {
    const EarlyEnd help = ended({"--help"});
    CHECK(help.code == ExitCode::done);
    std::istringstream lines(help.text);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        CAPTURE(line);
        CHECK(line.size() <= 80);
    }
    CHECK(count <= 23);  // and the prompt
}

TEST_CASE("arguments: the help names every command") {
    const std::string help = ended({"--help"}).text;
    for (const char* command : {"run", "deploy", "remove", "pause", "resume", "status", "config", "plugin"}) {
        CAPTURE(command);
        CHECK(help.find(std::string("\n  ") + command + " ") != std::string::npos);
    }
}

TEST_CASE("arguments: the help of a command is about that command") {
    const EarlyEnd help = ended({"remove", "--help"});
    CHECK(help.code == ExitCode::done);
    CHECK(help.text.find("--delete-queue") != std::string::npos);
    CHECK(help.text.find("--json") != std::string::npos);
}

TEST_CASE("arguments: a mistyped command suggests the nearest, in one line") {
    const EarlyEnd first = ended({"stauts"});
    CHECK(first.code == ExitCode::usage);
    CHECK(first.text == "elasticity: no command 'stauts', did you mean 'status'?; try 'elasticity --help'\n");
    CHECK(ended({"config", "chek"}).text.find("did you mean 'check'?") != std::string::npos);
}

TEST_CASE("arguments: what is wrong ends with 2 and one line") {
    for (const std::vector<std::string>& wrong :
         std::vector<std::vector<std::string>>{{},
                                               {"deploy"},
                                               {"deploy", "a", "b"},
                                               {"status", "--nope"},
                                               {"config"},
                                               {"config", "rollback"},
                                               {"config", "rollback", "-1"},
                                               {"deploy", "a", "--timeout", "5"},
                                               {"deploy", "a", "--wait", "--timeout", "0"},
                                               {"remove", "ocr", "--delete-queue", "sometimes"},
                                               {"pause", "ocr", "--force"},
                                               {"plugin"},
                                               {"plugin", "new"},
                                               {"plugin", "new", "sky", "--language", "rust"},
                                               {"plugin", "describe"}}) {
        CAPTURE(wrong);
        const EarlyEnd end = ended(wrong);
        CAPTURE(end.text);
        CHECK(end.code == ExitCode::usage);
        CHECK(std::count(end.text.begin(), end.text.end(), '\n') == 1);
    }
}

TEST_CASE("arguments: the version is printed") {
    const EarlyEnd version = ended({"--version"});
    CHECK(version.code == ExitCode::done);
    CHECK(version.text == "elasticity " ELASTICITY_VERSION "\n");
}

TEST_CASE("arguments: --config comes before $ELASTICITY_CONFIG, and that before the default") {
    ::unsetenv("ELASTICITY_CONFIG");
    CHECK(accepted({"status"}).common.settings_file == "/etc/elasticity/elasticity.json");
    ::setenv("ELASTICITY_CONFIG", "from-environment.json", 1);
    CHECK(accepted({"status"}).common.settings_file == "from-environment.json");
    CHECK(accepted({"config", "show", "--config", "given.json"}).common.settings_file == "given.json");
    ::unsetenv("ELASTICITY_CONFIG");
}

TEST_CASE("arguments: remove says all that a remove message can") {
    const Invocation given = accepted({"remove", "ocr", "--target", "prod", "--delete-queue", "if_empty",
                                       "--force", "--wait", "--timeout", "30", "--json"});
    const auto& remove = std::get<ToolArguments>(given.command);
    CHECK(given.common.json);
    CHECK(remove.action == Action::remove);
    CHECK(remove.tool == "ocr");
    CHECK(remove.target == "prod");
    CHECK(remove.delete_queue == "if_empty");
    CHECK(remove.force);
    CHECK(remove.follow.wait);
    CHECK(remove.follow.timeout == std::chrono::seconds(30));
}

TEST_CASE("arguments: pause and resume are told apart") {
    CHECK(std::get<ToolArguments>(accepted({"pause", "ocr"}).command).action == Action::pause);
    CHECK(std::get<ToolArguments>(accepted({"resume", "ocr"}).command).action == Action::resume);
}

TEST_CASE("arguments: an upgrade names a backend, and may name a file") {
    const Invocation given = accepted({"plugin", "upgrade", "local-docker"});
    CHECK(std::get<PluginUpgradeArguments>(given.command).backend == "local-docker");
    CHECK(std::get<PluginUpgradeArguments>(given.command).file.empty());
    const Invocation forced = accepted({"plugin", "upgrade", "local-docker", "new.so", "--force"});
    CHECK(std::get<PluginUpgradeArguments>(forced.command).file == "new.so");
    CHECK(std::get<PluginUpgradeArguments>(forced.command).force);
}

TEST_CASE("arguments: a deploy message may come from standard input") {
    CHECK(std::get<DeployArguments>(accepted({"deploy", "-"}).command).file == "-");
}

}  // namespace
}  // namespace elasticity::cli
