#include "core/state/tools_text.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

DesiredState deployed(const std::vector<std::string>& tools) {
    DesiredState state;
    state.generation = 1;
    Message deploy = read(message("deploy", tools));
    deploy.request_id = "r1";
    apply(state, deploy, deploy.request_id, 1);
    return state;
}

std::string problems(const std::string& text) {
    std::string all;
    for (const Finding& finding : parse_tools(text, context()).findings) all += finding.message + "\n";
    return all;
}

}  // namespace

TEST_CASE("tools.json: reads back as what was written, and is written the same again") {
    DesiredState state = deployed({docker("b", 1, R"("scaling": {"idle_s": 0.5}, "environment": {"A": {"secret": "token"}})"),
                                   docker("a", 2, R"("command": ["x", "y"], "cpus": 0.25)"), docker("c", 0)});
    apply(state, read(message("pause", {R"({"tool": "b"})"})), "r2", 2);
    apply(state, read(message("remove", {R"({"tool": "c", "force": true, "delete_queue": "always"})"})), "r3", 3);
    state.generation = 3;
    const std::string text = to_text(state);
    const ParsedTools parsed = parse_tools(text, context());
    INFO(text << to_text(parsed.findings));
    REQUIRE(parsed.findings.empty());
    CHECK(to_text(parsed.state) == text);
    CHECK(parsed.state.generation == 3);
    CHECK(parsed.state.recent_requests == state.recent_requests);
    CHECK(parsed.state.find({prod, "c"})->entry.removal == Removal{DeleteQueue::always, true});
    CHECK(generation_of(text) == 3);
}

TEST_CASE("tools.json: is sorted and indented, whatever order things came in") {
    CHECK(to_text(deployed({docker("b", 1), docker("a", 2)})) == to_text(deployed({docker("a", 2), docker("b", 1)})));
    CHECK(to_text(deployed({docker("a", 2)})) == R"({
  "generation": 1,
  "tools": [
    {
      "target": "amqp://rabbitmq.ncsa.illinois.edu:5672/prod",
      "tool": "a",
      "extractor": "a",
      "image": "ncsa/ocr:1",
      "kind": "docker",
      "min_instances": 2,
      "request_id": "r1",
      "generation": 1
    }
  ],
  "recent_requests": [
    "r1"
  ]
}
)");
    CHECK(to_text(DesiredState()) == "{\n  \"generation\": 0,\n  \"tools\": [],\n  \"recent_requests\": []\n}\n");
}

TEST_CASE("tools.json: a change of one tool changes the lines of that tool alone") {
    DesiredState state = deployed({docker("a", 1), docker("b", 1), docker("c", 1)});
    const std::string before = to_text(state);
    apply(state, read(message("deploy", {docker("b", 7)})), "r2", 2);
    CHECK(state.find({prod, "a"})->text + ",\n" == before.substr(before.find("    {"), state.find({prod, "a"})->text.size() + 2));
    CHECK(to_text(state).find(state.find({prod, "c"})->text) != std::string::npos);
}

TEST_CASE("tools.json: a copy shares its entries") {
    const DesiredState state = deployed({docker("a", 1), docker("b", 1)});
    DesiredState copy = state;
    apply(copy, read(message("deploy", {docker("b", 2)})), "r2", 2);
    CHECK(copy.find({prod, "a"}) == state.find({prod, "a"}));
    CHECK(copy.find({prod, "b"}) != state.find({prod, "b"}));
    CHECK(make_tool(state.find({prod, "b"})->entry, {}).min_instances == 1);
}

TEST_CASE("tools.json: an error says line and column, and all are told at once") {
    const std::string text = R"({
  "generation": 1,
  "tools": [
    {"target": "amqp://nowhere/", "tool": "a", "kind": "docker", "image": "ncsa/ocr", "extractor": "a",
     "min_instances": "two"},
    {"target": ")" + prod + R"(", "tool": "b", "kind": "docker", "imag": "ncsa/ocr", "extractor": "b",
     "min_instances": 1, "removing": {"forse": true}, "paused": "yes"},
  ]  // written by hand
})";
    const std::string all = problems(text);
    INFO(all);
    CHECK(all.find("4:16: /tools/0/target: is not a target of this module; known: prod") != std::string::npos);
    CHECK(all.find("5:23: /tools/0/min_instances: must be an integer 0 to 10000, got \"two\"") != std::string::npos);
    CHECK(all.find("/tools/1/imag: unknown field; did you mean image?") != std::string::npos);
    CHECK(all.find("7:38: /tools/1/removing: unknown field forse. Allowed: delete_queue, force") != std::string::npos);
    CHECK(all.find("/tools/1/paused: must be bool, got string") != std::string::npos);
}

TEST_CASE("tools.json: a tool or a queue that stands twice is refused") {
    const auto entry = [](const std::string& tool, const std::string& queue) {
        return R"({"target": ")" + prod + R"(", "tool": ")" + tool + R"(", "kind": "docker", "image": "ncsa/ocr", "extractor": ")" +
               queue + R"(", "min_instances": 1})";
    };
    const auto file = [](const std::string& tools) { return R"({"generation": 1, "tools": [)" + tools + "]}"; };
    CHECK(problems(file(entry("a", "q") + "," + entry("b", "r"))).empty());
    CHECK(problems(file(entry("a", "q") + "," + entry("a", "r"))).find("/tools/1: a stands more than once") != std::string::npos);
    CHECK(problems(file(entry("a", "q") + "," + entry("b", "q"))).find("/tools/1: queue q already belongs to tool a") != std::string::npos);
}

TEST_CASE("tools.json: a percentage that is none is refused, also in what the module may have written") {
    const std::string text = R"({"generation": 1, "tools": [{"target": ")" + prod +
                             R"(", "tool": "a", "kind": "docker", "extractor": "a", "min_instances": 1,
                                 "scaling": {"up_step_max": "00%"}}]})";
    const ParsedTools parsed = parse_tools(text, context(), Author::module);
    REQUIRE(parsed.findings.size() == 1);
    CHECK(parsed.findings[0].message.find("/tools/0/scaling: up_step_max: must be a number") != std::string::npos);
}

TEST_CASE("tools.json: what is no tools file is refused, and has no generation") {
    for (const char* bad : {"", "{", "[]", "{}", R"({"generation": -1, "tools": []})", R"({"generation": "1", "tools": []})", R"({"tools": []})"}) {
        INFO(bad);
        CHECK_FALSE(problems(bad).empty());
        CHECK_FALSE(generation_of(bad));
    }
}
