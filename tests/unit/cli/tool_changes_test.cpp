#include "core/cli/tool_changes.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/intake/context.hpp"
#include "core/state/tools_text.hpp"
#include "world.hpp"

namespace elasticity::cli {
namespace {

DesiredState state(const std::string& tools) {
    ParsedTools parsed =
        parse_tools(R"({"generation": 1, "tools": [)" + tools + "]}", IntakeContext{}, Author::module);
    REQUIRE(parsed.findings.empty());
    return parsed.state;
}

TEST_CASE("changes: tools come, go and change, each in one line") {
    const auto changes = changes_between(state(test::tool("a", 1) + "," + test::tool("b", 2)),
                                         state(test::tool("b", 5) + "," + test::tool("c", 1)));
    CHECK(to_text(changes) ==
          "- a on amqp://127.0.0.1:1/\n"
          "~ b on amqp://127.0.0.1:1/: min_instances 2 -> 5\n"
          "+ c on amqp://127.0.0.1:1/\n");
}

TEST_CASE("changes: who asked for a tool and when is no change") {
    std::string later = test::tool("a", 1);
    later.pop_back();
    CHECK(
        changes_between(state(test::tool("a", 1)), state(later + R"(, "request_id": "x", "generation": 9})"))
            .empty());
}

TEST_CASE("changes: a pause is one, and what is left out is said to be") {
    std::string paused = test::tool("a", 1);
    paused.pop_back();
    const auto changes = changes_between(state(test::tool("a", 1)), state(paused + R"(, "paused": true})"));
    CHECK(to_text(changes) == "~ a on amqp://127.0.0.1:1/: paused (left out) -> true\n");
    CHECK(to_json(changes).at(0).at("fields").at(0).at("before").is_null());
}

}  // namespace
}  // namespace elasticity::cli
