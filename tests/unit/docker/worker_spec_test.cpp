#include "plugins/docker/worker_spec.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "plugins/docker/schemas.hpp"
#include "tests/unit/docker/call_support.hpp"

using namespace elasticity::docker;
using elasticity::test::error_of;
namespace json = boost::json;

TEST_CASE("worker spec: an image is enough") {
    const auto spec = parse_worker_spec(R"({"image": "busybox"})");
    CHECK(spec.image.text() == "docker.io/library/busybox:latest");
    CHECK(spec.pull == PullPolicy::missing);
    CHECK(spec.command.empty());
}

TEST_CASE("worker spec: what is wrong is named by its pointer") {
    const auto field_of = [](const std::string& more) {
        return error_of([&] { parse_worker_spec("{\"image\": \"a\"" + more + "}"); }).field;
    };
    CHECK(field_of(R"(, "command": "sh")") == "/command");
    CHECK(field_of(R"(, "command": [1])") == "/command");
    CHECK(field_of(R"(, "cpus": 0)") == "/cpus");
    CHECK(field_of(R"(, "cpus": "1")") == "/cpus");
    CHECK(field_of(R"(, "memory_bytes": 6291455)") == "/memory_bytes");
    CHECK(field_of(R"(, "pull": "sometimes")") == "/pull");
    CHECK(field_of(R"(, "mounts": [{"source": "a", "target": "/a"}, {"source": "", "target": "/a"}])") ==
          "/mounts/1/source");
    CHECK(field_of(R"(, "mounts": [{"source": "a", "target": "relative"}])") == "/mounts/0/target");
    CHECK(error_of([] { parse_worker_spec("{}"); }).field == "/image");
    CHECK(parse_worker_spec(R"({"image": "a", "memory_bytes": 6291456})").memory_bytes == 6291456);
}

namespace {

/// Objects that allow no unknown fields, types and descriptions everywhere, and no regular expressions.
void check_schema(const json::object& schema, const std::string& path) {
    INFO(path);
    CHECK(schema.contains("type"));
    CHECK_FALSE(schema.contains("pattern"));
    const json::value* properties = schema.if_contains("properties");
    if (!properties) return;
    CHECK(schema.at("additionalProperties") == false);
    for (const auto& [name, property] : properties->as_object()) {
        const std::string below = path + "/" + std::string(name);
        INFO(below);
        CHECK(property.as_object().contains("description"));
        check_schema(property.as_object(), below);
    }
}

}  // namespace

TEST_CASE(
    "schemas: every property has a type and a description, unknown ones are refused, no pattern is used") {
    check_schema(json::parse(config_schema_text).as_object(), "config");
    check_schema(json::parse(spec_schema_text).as_object(), "spec");
}
