#include "core/daemon/settings_change.hpp"

#include <catch2/catch.hpp>

using elasticity::backends_to_upgrade;

namespace {

const std::string before = R"({"name": "em-1", "backends": {
    "a": {"plugin": "docker", "max_instances": 5, "endpoint": "unix:///a"},
    "b": {"plugin": "docker", "endpoint": "unix:///b"}}})";

std::string with(const std::string& what, const std::string& by) {
    std::string text = before;
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

std::string told(const std::string& after) {
    const auto names = backends_to_upgrade(before, after);
    if (!names) return "start again";
    std::string text = "upgrade";
    for (const std::string& name : *names) text += " " + name;
    return text;
}

}  // namespace

TEST_CASE("settings: what a plugin's next generation can take over upgrades that backend, and no other") {
    CHECK(told(with("unix:///b", "unix:///c")) == "upgrade b");
    CHECK(told(with("\"endpoint\": \"unix:///a\"", "\"isolation\": \"process\"")) == "upgrade a");
    CHECK(told(with("{\"plugin\": \"docker\", \"endpoint\"", "{\"plugin\": \"docker\", \"concurrency\": 2, \"endpoint\"")) == "upgrade b");
}

TEST_CASE("settings: spaces and notes change nothing") {
    CHECK(told(with("\"name\"", "// ours\n  \"name\"")) == "upgrade");
}

TEST_CASE("settings: everything else starts the module again") {
    CHECK(told(with("em-1", "em-2")) == "start again");
    CHECK(told(with("\"max_instances\": 5", "\"max_instances\": 6")) == "start again");
    CHECK(told(with("\"b\": {\"plugin\": \"docker\"", "\"b\": {\"plugin\": \"noop\"")) == "start again");
    CHECK(told(with("\"b\":", "\"c\":")) == "start again");
}
