#include "core/cli/settings_text.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "world.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

constexpr char full[] = R"({
    "name": "em-1", "state_dir": "/s", "plugin_dir": "/p",
    "targets": {"prod": {"amqp": "amqps://host:5671", "management": "https://host:15671", "virtual_host": "a/b",
                         "username": "u", "password": {"env": "P"}, "worker_uri": {"default": {"file": "/w"}},
                         "exchange": "x", "tls": {"ca_file": "/ca", "verify": false}}},
    "deploy": {"target": "prod", "queue": "q", "status_queue": "s", "message_max_bytes": 2048, "tools_max": 7},
    "allow": {"images": ["docker.io/ncsa/*"]},
    "registries": {"docker.io": {"username": "puller", "password": {"command": ["cat", "/x"]}}},
    "secrets": {"token": {"file": "/t"}},
    "backends": {"b": {"plugin": "noop", "max_instances": 5, "concurrency": 2, "isolation": "in_process",
                       "plugin_memory_bytes": 134217728, "boot_delay_ms": 9}},
    "placement": {"test": ["b"]},
    "unmanaged": {"queues": ["amq.*"]},
    "scaling": {"interval_s": 0.5, "idle_s": 30},
    "list_interval_s": 20, "management_interval_s": 6, "journal_max_bytes": 2097152, "history_generations": 9,
    "log": {"format": "json", "level": "warning"}})";

TEST_CASE("show: what is printed is a settings file that means the same") {
    const ParsedSettings first = parse_settings(full);
    REQUIRE(first.errors.empty());
    const json::object shown = to_json(first.settings);
    const ParsedSettings again = parse_settings(json::serialize(shown));
    REQUIRE(again.errors.empty());
    CHECK(to_json(again.settings) == shown);
    CHECK(again.settings.targets.front().target.id() == "amqps://host:5671/a/b");
    const json::object written = json::parse(full).as_object();
    for (const auto& member : written) {
        CAPTURE(std::string(member.key()));
        if (member.key() != "targets") CHECK(shown.at(member.key()) == member.value());
    }
    for (const char* name : {"virtual_host", "username", "password", "worker_uri", "exchange", "tls"}) {
        CAPTURE(name);
        CHECK(shown.at("targets").at("prod").at(name) == written.at("targets").at("prod").at(name));
    }
}

TEST_CASE("show: defaults are filled in, and a secret stays where it is") {
    const test::World world;
    const test::Outcome outcome = world.run({"config", "show", "--json"});
    REQUIRE(outcome.code == ExitCode::done);
    const json::value shown = json::parse(outcome.out);
    CHECK(shown.at("deploy").at("queue") == "elasticity-deploy");
    CHECK(shown.at("targets").at("prod").at("username") == "guest");
    CHECK(shown.at("targets").at("prod").at("password") == json::parse(R"({"file": "/nowhere/password"})"));
    CHECK(shown.at("list_interval_s") == 15);
}

}  // namespace
}  // namespace elasticity::cli
