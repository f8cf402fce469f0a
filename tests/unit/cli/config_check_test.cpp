#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "world.hpp"

namespace elasticity::cli::test {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

TEST_CASE("config check: good settings are ok") {
    const World world;
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.out == world.settings_path().string() + ": ok\n");
    CHECK(outcome.err.empty());
}

TEST_CASE("config check: every error has its file, line, column and pointer, and ends with 2") {
    const World world;
    world.write_settings(
        replaced(replaced(world.settings(), "\"memory\": {", "\"memory\": {\"max_instances\": -1, "),
                 "\"name\"", "\"nmae\""));
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::usage);
    const std::string file = world.settings_path().string();
    CHECK(outcome.err.find(file + ":2:11: /nmae: unknown field. Allowed: allow, ") != std::string::npos);
    CHECK(outcome.err.find(
              file + ":8:44: /backends/memory/max_instances: must be an integer 0 to 1000000, got -1\n") !=
          std::string::npos);
}

TEST_CASE("config check: a file that is no JSON is told with its place") {
    const World world;
    world.write_settings("{\n  \"targets\" 7\n}");
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find(world.settings_path().string() + ":2:") == 0);
}

TEST_CASE("config check: a plugin's settings are the plugin's to judge") {
    const World world;
    world.write_settings(replaced(world.settings(), "\"noop\"", "\"noop\", \"boot_delay_ms\": -5"));
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find(": /backends/memory/boot_delay_ms: ") != std::string::npos);
}

TEST_CASE("config check: a plugin that is not there is an error at its name") {
    const World world;
    world.write_settings(replaced(world.settings(), "\"noop\"", "\"nope\""));
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find(": /backends/memory/plugin: ") != std::string::npos);
}

TEST_CASE("config check: warnings are told and fail nothing") {
    const World world;
    world.write_settings(replaced(world.settings(), "\"allow\": {\"images\": [\"docker.io/ncsa/*\"]},", ""));
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.err.find("/allow/images: is absent: every image may be deployed (warning)\n") !=
          std::string::npos);
}

TEST_CASE("config check: a broken hand edit of tools.json is an error") {
    const World world;
    world.commit(1, "[" + tool("a", 1) + "]");
    World::write(world.tools_path(),
                 replaced(World::read(world.tools_path()), "\"min_instances\": 1", "\"min_instances\": -1"));
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find(world.tools_path().string() + ":") == 0);
    CHECK(outcome.err.find(": /tools/0/min_instances: ") != std::string::npos);
}

TEST_CASE("config check: accepted tools that the settings no longer know are a warning") {
    const World world;
    world.commit(1, "[" + tool("a", 1) + "]");
    world.write_settings(replaced(world.settings(), "{\"test\":", "{\"other\":"));
    const Outcome outcome = world.run({"config", "check"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.err.find("(warning)") != std::string::npos);
}

TEST_CASE("config check: the JSON form lists the same") {
    const World world;
    world.write_settings(replaced(world.settings(), "\"noop\"", "\"nope\""));
    const Outcome outcome = world.run({"config", "check", "--json"});
    CHECK(outcome.code == ExitCode::usage);
    const auto errors = boost::json::parse(outcome.out).at("files").at(0).at("errors").as_array();
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].at("pointer") == "/backends/memory/plugin");
    CHECK(errors[0].at("code") == "plugin_unusable");
}

TEST_CASE("config check: a file that is not there ends with 2") {
    const World world;
    const Outcome outcome = world.run({"config", "check", (world.root() / "none.json").string()});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find("No such file") != std::string::npos);
}

}  // namespace
}  // namespace elasticity::cli::test
