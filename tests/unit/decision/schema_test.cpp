#include "core/model/schema.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;
namespace json = boost::json;

namespace {

const Schema& example() {
    static const Schema schema = Schema::compile(object(R"({
        "type": "object", "required": ["count"], "additionalProperties": false, "properties": {
            "count": {"type": "integer", "minimum": 0, "maximum": 9},
            "share": {"type": "number", "minimum": 0.5},
            "name": {"type": "string", "format": "container-image", "minLength": 1, "maxLength": 3},
            "mode": {"type": "string", "enum": ["fast", "slow"]},
            "on": {"type": "boolean"},
            "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}},
            "either": {"description": "a word, or {\"of\": WORD}", "anyOf": [{"type": "string"},
                {"type": "object", "required": ["of"], "additionalProperties": false, "properties": {"of": {"type": "string"}}}]},
            "map": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 2}}}})")).value();
    return schema;
}

std::string misfits(std::string_view text) { return to_text(example().check(object(text))); }

}  // namespace

TEST_CASE("schema: each misfit says where, what was wanted and what came") {
    CHECK(misfits(R"({"count": 3})").empty());
    CHECK(misfits("{}") == "missing_field /count: is missing; must be an integer 0 to 9\n");
    CHECK(misfits(R"({"count": 10})") == "invalid_field /count: must be an integer 0 to 9, got 10\n");
    CHECK(misfits(R"({"count": -1})") == "invalid_field /count: must be an integer 0 to 9, got -1\n");
    CHECK(misfits(R"({"count": 1.5})") == "invalid_field /count: must be an integer 0 to 9, got 1.5E0\n");
    CHECK(misfits(R"({"count": "1"})") == "invalid_field /count: must be an integer 0 to 9, got \"1\"\n");
    CHECK(misfits(R"({"count": 1, "share": 0.4})").starts_with("invalid_field /share: must be a number at least "));
    CHECK(misfits(R"({"count": 1, "name": ""})") == "invalid_field /name: must be a string of 1 to 3 characters, got 0 characters\n");
    CHECK(misfits("{\"count\": 1, \"name\": \"\xC3\xA9\xC3\xA9\xC3\xA9\"}").empty());
    CHECK(misfits(R"({"count": 1, "mode": "fats"})") == "invalid_field /mode: must be one of \"fast\", \"slow\", got \"fats\"\n");
    CHECK(misfits(R"({"count": 1, "on": null})") == "invalid_field /on: must be a boolean, got null\n");
    CHECK(misfits(R"({"count": 1, "list": []})") == "invalid_field /list: must be an array of 1 to 2 items, got 0 items\n");
    CHECK(misfits(R"({"count": 1, "list": [1, "x"]})") == "invalid_field /list/1: must be an integer, got \"x\"\n");
    CHECK(misfits(R"({"count": 1, "map": {"a/b": "long"}})") == "invalid_field /map/a~1b: must be a string of at most 2 characters, got 4 characters\n");
}

TEST_CASE("schema: every misfit is told at once") {
    CHECK(misfits(R"({"count": 10, "mode": 1, "on": 0, "lst": []})") ==
          "invalid_field /count: must be an integer 0 to 9, got 10\n"
          "unknown_field /lst: unknown field; did you mean list? Allowed: count, either, list, map, mode, name, on, share\n"
          "invalid_field /mode: must be one of \"fast\", \"slow\", got 1\n"
          "invalid_field /on: must be a boolean, got 0\n");
}

TEST_CASE("schema: an unknown field lists the allowed ones, and guesses only where it is near") {
    CHECK(misfits(R"({"count": 1, "zzzzz": 1})") ==
          "unknown_field /zzzzz: unknown field. Allowed: count, either, list, map, mode, name, on, share\n");
    CHECK(nearest_name("min_instanecs", {"max_instances", "min_instances"}) == "min_instances");
    CHECK(nearest_name("x", {"image", "queue"}).empty());
    CHECK(nearest_name(std::string(1'000'000, 'x'), {"image"}).empty());
}

TEST_CASE("schema: a union is explained by the alternative that was meant") {
    CHECK(misfits(R"({"count": 1, "either": 5})") == "invalid_field /either: must be a word, or {\"of\": WORD}, got 5\n");
    CHECK(misfits(R"({"count": 1, "either": {"off": "x"}})") ==
          "missing_field /either/of: is missing; must be a string\n"
          "unknown_field /either/off: unknown field; did you mean of? Allowed: of\n");
    CHECK(misfits(R"({"count": 1, "either": {"of": 1}})") == "invalid_field /either/of: must be a string, got 1\n");
}

TEST_CASE("schema: a structure in the wrong place is not quoted") {
    for (const char* text : {R"({"count": {"password": "hunter2"}})", R"({"count": ["hunter2"]})",
                             R"({"count": 1, "either": {"of": "x", "password": "hunter2"}})"})
        CHECK(misfits(text).find("hunter2") == std::string::npos);
}

TEST_CASE("schema: a report is bounded") {
    json::object many{{"count", 1}};
    for (int i = 0; i < 20'000; ++i) many["unknown-" + std::to_string(i)] = i;
    CHECK(example().check(many).size() == findings_max);
}

TEST_CASE("schema: a value that is no text is explained, also where a format is named") {
    for (const char* wrong : {"[]", "{}", "1", "true", "null"}) {
        INFO(wrong);
        CHECK(misfits(R"({"count": 1, "name": )" + std::string(wrong) + "}").find("/name") != std::string::npos);
    }
}

TEST_CASE("schema: one that is none is refused") {
    CHECK_FALSE(Schema::compile(object(R"({"type": 5})")).has_value());
    CHECK_FALSE(Schema::compile(object(R"({"type": "object", "properties": []})")).has_value());
}

TEST_CASE("schema: the validator and our words agree on every value") {
    const std::vector<json::value> values{nullptr, true, 0, 9, 10, -1, 0.5, 1.5, "", "fast", "long text", json::array{},
                                          json::array{1, 2}, json::array{1, "x", 3}, json::object{},
                                          json::object{{"of", "x"}}, json::object{{"of", 1}}, UINT64_MAX};
    const std::vector<std::string> fields{"count", "share", "name", "mode", "on", "list", "either", "map", "other"};
    std::mt19937 choose(7);
    for (int round = 0; round < 1'000; ++round) {
        json::object candidate;
        for (const std::string& field : fields)
            if (choose() % 3 == 0) candidate[field] = values[choose() % values.size()];
        for (const Finding& finding : example().check(candidate)) {
            // Only a sentence that is not ours would point at the whole: each of ours names a field.
            INFO(json::serialize(candidate) << " " << to_text({finding}));
            REQUIRE_FALSE(finding.pointer.empty());
        }
    }
}
