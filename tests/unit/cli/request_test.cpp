#include "core/cli/request.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

namespace elasticity::cli {
namespace json = boost::json;
namespace {

TEST_CASE("request: a message without an id gets one, and keeps everything else") {
    const auto request = read_request("a.json", R"({"tools": [{"tool": "ocr"}]})", "fresh");
    REQUIRE(request.has_value());
    CHECK(request->id == "fresh");
    CHECK(json::parse(request->body) ==
          json::parse(R"({"tools": [{"tool": "ocr"}], "request_id": "fresh"})"));
}

TEST_CASE("request: a message with an id is sent byte for byte") {
    const std::string text = "{\"request_id\": \"mine\",\n \"tools\": [] }";
    const auto request = read_request("a.json", text, "fresh");
    REQUIRE(request.has_value());
    CHECK(request->id == "mine");
    CHECK(request->body == text);
}

TEST_CASE("request: tools are known by the names under which the module answers") {
    const auto request = read_request("a.json", R"({"tools": [
        {"extractor": "ocr"}, {"kind": "vm", "name_prefix": "faces", "extractor": "x"}, {"kind": "docker"}, 7]})",
                                      "fresh");
    REQUIRE(request.has_value());
    CHECK(request->tools == std::vector<std::string>{"ocr", "faces", "", ""});
}

TEST_CASE("request: what is no deploy message is told with its place") {
    const auto broken = read_request("a.json", "{\n  \"tools\": [,]\n}", "fresh");
    REQUIRE_FALSE(broken.has_value());
    CHECK(broken.error().message.starts_with("a.json:2:"));
    CHECK(read_request("a.json", "[]", "fresh").error().message ==
          "a.json:1:1: must be an object, a deploy message");
    CHECK(read_request("a.json", "{\"request_id\":\n 7}", "fresh").error().message ==
          "a.json:2:2: /request_id: must be a string");
}

TEST_CASE("request: a remove command becomes a remove message") {
    ToolArguments arguments;
    arguments.tool = "ocr";
    arguments.delete_queue = "always";
    arguments.force = true;
    const Request request = make_request(arguments, "amqp://host:5672/prod", "fresh");
    CHECK(json::parse(request.body) ==
          json::parse(R"({"schema": "elasticity/deploy/v1", "request_id": "fresh",
        "action": "remove", "target": "amqp://host:5672/prod",
        "tools": [{"tool": "ocr", "delete_queue": "always", "force": true}]})"));
    CHECK(request.tools == std::vector<std::string>{"ocr"});
}

TEST_CASE("request: pause and resume say nothing about queues") {
    ToolArguments arguments;
    arguments.action = Action::pause;
    arguments.tool = "ocr";
    CHECK(json::parse(make_request(arguments, "amqp://h:1/", "id").body).at("tools") ==
          json::parse(R"([{"tool": "ocr"}])"));
}

}  // namespace
}  // namespace elasticity::cli
