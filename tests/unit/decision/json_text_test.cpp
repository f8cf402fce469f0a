#include "core/model/json_text.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace elasticity;

namespace {

std::string refusal(std::string_view text, JsonDialect dialect = JsonDialect::strict) {
    const auto parsed = parse_json(text, dialect);
    return parsed ? "taken" : parsed.error().message;
}

std::string place(std::string_view text, std::string_view pointer) {
    const TextPosition at = position_of(text, pointer);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
}

}  // namespace

TEST_CASE("json: a key that stands twice is refused at its second place") {
    CHECK(refusal("{\"a\": 1,\n \"a\": 2}") == "2:2: /a: this key stands twice");
    CHECK(refusal(R"({"x": [{"b": 1, "b": 1}]})") == "1:17: /x/0/b: this key stands twice");
    CHECK(refusal(R"({"a": 1, "\u0061": 2})") == "1:10: /a: this key stands twice");
    CHECK(refusal(R"({"a": {"a": "\"a\":1"}, "b": ["a", "a"]})") == "taken");
}

TEST_CASE("json: what is no JSON is refused with its place") {
    for (const char* bad : {"", "{", "{\"a\": }", "[1,]", "{} x", "nul", "{\"a\": 1} {}", "\"\xFF\"", "// note\n{}", "{'a': 1}"}) {
        INFO(bad);
        CHECK(refusal(bad).find("not valid JSON") != std::string::npos);
    }
    CHECK(refusal("{\n  \"a\": x\n}").starts_with("2:8: not valid JSON: "));
}

TEST_CASE("json: a number that a double cannot hold is refused, not read as infinity") {
    CHECK(refusal(R"({"a": [1, -1e999]})") == "1:11: /a/1: this number is out of range");
    CHECK(refusal("0e999") == "1:1: : this number is out of range");
    CHECK(refusal(R"([1.7e308, -1.7e308, 18446744073709551615, "1e999"])") == "taken");
}

TEST_CASE("json: people may write comments and trailing commas, machines may not") {
    const char* text = "// first\n{\"a\": [1, 2,], /* \"b\": 1 */ \"c\": 3,} // last\n";
    CHECK(refusal(text, JsonDialect::with_notes) == "taken");
    CHECK(refusal(text) != "taken");
    CHECK(place(text, "/c") == "2:34");
    CHECK(refusal("{\"a\": 1, // \"a\": 2\n}", JsonDialect::with_notes) == "taken");
}

TEST_CASE("json: 32 levels are taken and 33 are not") {
    CHECK(refusal(std::string(32, '[') + std::string(32, ']')) == "taken");
    CHECK(refusal(std::string(33, '[') + std::string(33, ']')) != "taken");
    CHECK(refusal(std::string(100'000, '[')) != "taken");
}

TEST_CASE("json: a pointer's place is where its value begins, or its nearest parent") {
    const char* text = "{\n  \"a/b\": {\"~\": 1},\n  \"tools\": [\n    {\"x\": 1},\n    {\"y\": [true, \"s\"]}\n  ]\n}";
    CHECK(place(text, "") == "1:1");
    CHECK(place(text, "/a~1b/~0") == "2:16");
    CHECK(place(text, "/tools/1/y/1") == "5:18");
    CHECK(place(text, "/tools/0/missing/deeper") == "4:5");
    CHECK(place(text, "/nothing") == "1:1");
}

TEST_CASE("json: printing round-trips, and prints the same text again") {
    const auto value = parse_json(R"({"s":"a\"\n\u00e9","i":-5,"u":18446744073709551615,"d":0.5,"w":2.0,"e":1e300,"t":true,
        "n":null,"empty":{},"none":[],"list":[1,2.5,"x"],"nested":[{"a":[1]}],"far":-1.5e-9})").value();
    const std::string text = to_pretty_json(value);
    INFO(text);
    CHECK(parse_json(text).value() == value);
    CHECK(to_pretty_json(parse_json(text).value()) == text);
}

TEST_CASE("json: printing keeps short lists on a line and numbers readable") {
    const auto value = parse_json(R"({"command":["sh","-c"],"cpus":0.5,"whole":2.0,"map":{"a":1},"list":[{"b":[]}]})").value();
    CHECK(to_pretty_json(value) ==
          "{\n  \"command\": [\"sh\", \"-c\"],\n  \"cpus\": 0.5,\n  \"whole\": 2.0,\n  \"map\": {\n    \"a\": 1\n  },\n"
          "  \"list\": [\n    {\n      \"b\": []\n    }\n  ]\n}\n");
}
