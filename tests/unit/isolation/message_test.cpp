#include "core/plugin_host/isolation/message.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/plugin_host/isolation/output_lines.hpp"
#include "core/plugin_host/isolation/values.hpp"

using namespace elasticity;
namespace json = boost::json;

namespace {

template <class T>
std::string message_of(const Result<T>& result) {
    return result ? "" : result.error().message;
}

sdk::HostInstance full_instance() {
    sdk::HostInstance instance;
    instance.key = "k";
    instance.id = "i";
    instance.name = "n";
    instance.tool = "t";
    instance.address = "a";
    instance.state = sdk::HostState::failed;
    instance.error = "e";
    instance.error_code = ELS_UNAVAILABLE;
    instance.exit_code = 0;
    instance.vcpus = 4;
    instance.memory_bytes = std::uint64_t{1} << 63;
    instance.spec_hash = ~std::uint64_t{0};
    instance.load1 = 0.1;
    instance.load5 = 1e-300;
    instance.created_unix_ms = -1;
    instance.state_since_unix_ms = std::int64_t{1} << 62;
    instance.detail = "{\"a\": \"\\u0000\n\"}";
    return instance;
}

template <class Value>
json::value through_text(const Value& value) {
    return json::parse(json::serialize(to_json(value)));
}

}  // namespace

TEST_CASE("message: kind, id and body come back") {
    const WireMessage sent{WireMessage::Kind::result, ~std::uint64_t{0}, {{"value", "x"}}};
    const auto got = to_message(to_text(sent));
    REQUIRE(got.has_value());
    CHECK(got->kind == sent.kind);
    CHECK(got->id == sent.id);
    CHECK(got->body == sent.body);
}

TEST_CASE("message: what is no message is told apart") {
    CHECK(message_of(to_message("[]")) == "no message: a JSON object was wanted");
    CHECK(message_of(to_message("{\"kind\":\"call\"")) == "no message: a JSON object was wanted");
    CHECK(message_of(to_message(R"({"kind":"cal","id":1,"body":{}})")) == "no message: its kind is unknown");
    CHECK(message_of(to_message(R"({"kind":"call","id":-1,"body":{}})")) ==
          "no message: its id must be a number from 0");
    CHECK(message_of(to_message(R"({"kind":"call","id":1})")) == "no message: its body must be an object");
    CHECK(message_of(to_message(std::string(100'000, '['))) == "no message: a JSON object was wanted");
}

TEST_CASE("message: an instance crosses whole, and what is not known is not there") {
    const sdk::HostInstance instance = full_instance();
    const auto got = to_instance(through_text(instance));
    REQUIRE(got.has_value());
    CHECK(*got == instance);
    CHECK(json::serialize(to_json(sdk::HostInstance{})) == R"({"key":"","id":"","state":0,"spec_hash":0})");
    CHECK(*to_instance(through_text(sdk::HostInstance{})) == sdk::HostInstance{});
}

TEST_CASE("message: a false instance is refused or made harmless") {
    CHECK(message_of(to_instance(json::array())) == "an object was wanted");
    CHECK(message_of(to_instance({{"key", 7}})) == "'key' is not of its type");
    CHECK(message_of(to_instance({{"vcpus", -1}})) == "'vcpus' is not of its type");
    CHECK(message_of(to_instance({{"exit_code", 1.5}})) == "'exit_code' is not of its type");
    const auto odd = to_instance({{"key", "\xFF"}, {"state", 77}});
    REQUIRE(odd.has_value());
    CHECK(odd->key == "\xEF\xBF\xBD");
    CHECK(odd->state == sdk::HostState::unknown);
}

TEST_CASE("message: an error crosses whole, and is never OK") {
    const sdk::HostError error{ELS_RESOURCE_EXHAUSTED, ELS_ERR_NEXT_BACKEND, 1500, "409", "/image", "no quota"};
    CHECK(*to_host_error(through_text(error)) == error);
    CHECK(to_host_error({{"code", 0}})->code == ELS_INTERNAL);
}

TEST_CASE("message: a secret's bytes reach the plugin as they are") {
    sdk::HostSpec spec;
    spec.key = "k";
    spec.hash = ~std::uint64_t{0};
    spec.env = {{"PASSWORD", std::string("\xFF\x00\"\n", 4), true}, {"PLAIN", "", false}};
    const auto message = to_message(to_text({WireMessage::Kind::call, 1, {{"spec", to_json(spec)}}}));
    REQUIRE(message.has_value());
    const auto got = to_spec(message->body.at("spec"));
    REQUIRE(got.has_value());
    CHECK(got->hash == spec.hash);
    REQUIRE(got->env.size() == 2);
    CHECK(got->env[0].value == spec.env[0].value);
    CHECK(got->env[0].secret);
    CHECK_FALSE(got->env[1].secret);
}

TEST_CASE("message: a log line keeps its fields, at most 64 of them") {
    sdk::HostLogLine line{ELS_LOG_WARN, "text", {}};
    for (int i = 0; i < 100; ++i) line.fields.emplace_back("k" + std::to_string(i), "v");
    const auto got = to_log_line(through_text(line));
    REQUIRE(got.has_value());
    CHECK(got->level == ELS_LOG_WARN);
    CHECK(got->message == "text");
    CHECK(got->fields.size() == 64);
    CHECK(message_of(to_log_line({{"fields", {1, 2}}})) == "'fields' of a log line must be pairs of texts");
}

TEST_CASE("output: lines are whole, valid, short and few; what is left out is told") {
    std::vector<std::string> lines;
    OutputLines output([&](const std::string& line) { lines.push_back(line); });
    const OutputLines::Clock::time_point start{std::chrono::hours(1)};
    output.feed("on", start);
    output.feed("e\n\ntw\x1B[1mo\xFF\n" + std::string(5000, 'x') + "\n", start);
    CHECK(lines == std::vector<std::string>{"one", "tw [1mo\xEF\xBF\xBD", std::string(1024, 'x')});
    for (int i = 0; i < 100; ++i) output.feed("again\n", start);
    CHECK(lines.size() == 50);
    output.feed("later\nlast", start + std::chrono::seconds(10));
    output.finish();
    CHECK(lines.size() == 53);
    CHECK(lines[50] == "53 more lines were left out");
    CHECK(lines[51] == "later");
    CHECK(lines[52] == "last");
}
