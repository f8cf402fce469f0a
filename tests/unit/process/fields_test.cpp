#include "plugins/process/common/fields.hpp"

#include <catch2/catch.hpp>

using elasticity::process::Fields;

TEST_CASE("fields: what was added is found, in order") {
    Fields fields;
    fields.add("argument", "one");
    fields.add("argument", "two=2");
    fields.add("count", 3);
    CHECK(fields.get("argument") == "one");
    CHECK(fields.all("argument") == std::vector<std::string>{"one", "two=2"});
    CHECK(fields.number("count") == 3);
}

TEST_CASE("fields: a name is not found in another that begins alike") {
    const Fields fields(std::string("groups=1\0group=2\0", 17));
    CHECK(fields.get("group") == "2");
    CHECK(fields.get("roups").empty());
}

TEST_CASE("fields: an empty value is there, an absent name is not") {
    const Fields fields(std::string("end=\0", 5));
    CHECK(fields.all("end").size() == 1);
    CHECK(fields.all("start").empty());
}

TEST_CASE("fields: a number that is none is the fallback") {
    const Fields fields(std::string("a=12x\0b=\0c=99999999999999999999\0", 32));
    CHECK(fields.number("a", -1) == -1);
    CHECK(fields.number("b", -1) == -1);
    CHECK(fields.number("c", -1) == -1);
    CHECK(fields.number("absent", 7) == 7);
}

TEST_CASE("fields: a text without its last NUL, or without any '=', is read as far as it goes") {
    CHECK(Fields("a=1").get("a") == "1");
    CHECK(Fields(std::string("\0\0nothing\0a=1", 13)).get("a") == "1");
}
