#include "core/cli/schema_table.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

namespace elasticity::cli {
namespace {

std::string rows_of(const char* schema) {
    std::string text;
    for (const auto& row : schema_rows(boost::json::parse(schema).as_object()))
        text += row[0] + "; " + row[1] + "; " + row[2] + "; " + row[3] + "\n";
    return text;
}

TEST_CASE("schema table: types, ranges, choices, defaults and what is required") {
    CHECK(rows_of(R"({"required": ["c"], "properties": {
            "a": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3, "description": "A number"},
            "b": {"type": "string", "enum": ["x", "y"], "default": "x"},
            "c": {"type": "array", "items": {"type": "string"}}}})") ==
          "a; integer 1 to 9; 3; A number\n"
          "b; string: x, y; \"x\"; \n"
          "c; array of string; required; \n");
}

TEST_CASE("schema table: what objects, items and maps hold has its path") {
    CHECK(rows_of(R"({"properties": {
            "tls": {"type": "object", "properties": {"ca": {"type": "string"}}},
            "mounts": {"type": "array", "items": {
                "type": "object", "properties": {"to": {"type": "string"}}}},
            "logins": {"type": "object", "additionalProperties": {
                "properties": {"user": {"type": "string"}}}}}})") ==
          "tls; object; ; \ntls.ca; string; ; \n"
          "mounts; array of object; ; \nmounts[].to; string; ; \n"
          "logins; object; ; \nlogins.*.user; string; ; \n");
}

TEST_CASE("schema table: what a stranger's schema holds cannot steer a terminal or break a table") {
    CHECK(rows_of(R"({"properties": {"a\u001b[2J": {"type": 7, "description": "one\ntwo"}, "b": 5}})") ==
          "a [2J; any; ; one two\n");
    CHECK(to_markdown({{"A"}, {"x|y"}}) == "| A |\n|---|\n| x\\|y |\n");
}

TEST_CASE("schema table: a schema without end is cut off") {
    std::string schema = R"({"properties": {"a": {"type": "object"}}})";
    for (int depth = 0; depth < 12; ++depth)
        schema = R"({"properties": {"a": )" + schema + "}}";
    CHECK(schema_rows(boost::json::parse(schema).as_object()).size() == 8);
}

}  // namespace
}  // namespace elasticity::cli
