#include "core/model/tool.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

Tool tool(std::string_view fields, const std::string& name = "t") {
    return make_tool(entry(name, fields), {});
}

}  // namespace

TEST_CASE("tool: what is left out has its documented default") {
    const Tool plain = tool(R"({"kind": "docker", "extractor": "a.b/c", "min_instances": 3, "image": "x"})", "a.b/c");
    CHECK(plain.queue == "a.b/c");
    CHECK(plain.max_instances == 20);
    CHECK(plain.name_prefix == "a.b-c");
    CHECK(plain.missing_queue == MissingQueue::start_one);
    CHECK(plain.scaling.backlog_per_instance == 20);
    CHECK(plain.scaling.idle == 5 * minute);
    CHECK(tool(R"({"kind": "docker", "extractor": "a", "min_instances": 30})").max_instances == 30);
}

TEST_CASE("tool: its own scaling goes before that of the settings") {
    const Tool both = make_tool(entry("t", R"({"kind":"k","extractor":"a","min_instances":0,"scaling":{"idle_s":5}})"),
                                object(R"({"idle_s": 7, "look_back_s": 0.5})"));
    CHECK(both.scaling.idle == 5 * second);
    CHECK(both.scaling.look_back == Millis(500));
}

TEST_CASE("tool: what is given goes before its profile, and the tool's profile before the settings") {
    const auto scaling = [](const std::string& own, const char* defaults) {
        return make_tool(entry("t", R"({"kind":"k","extractor":"a","min_instances":0,"scaling":)" + own + "}"), object(defaults)).scaling;
    };
    CHECK(scaling(R"({"profile": "latency"})", "{}").backlog_per_instance == 1);
    CHECK(scaling(R"({"profile": "latency", "backlog_per_instance": 7})", "{}").backlog_per_instance == 7);
    CHECK(scaling(R"({"profile": "latency"})", R"({"backlog_per_instance": 7})").backlog_per_instance == 1);
    CHECK(scaling("{}", R"({"profile": "cost"})").up_step_max.of(10) == 5);
    CHECK(scaling(R"({"profile": "latency"})", R"({"profile": "cost"})").up_step_max.of(10) == UINT32_MAX);
    CHECK(scaling(R"({"profile": "cost"})", R"({"victim_order": "oldest"})").victim_order == VictimOrder::oldest);
}

TEST_CASE("tool: profile balanced is what holds without a profile") {
    CHECK(parse_scaling(object(R"({"profile": "balanced"})")).value() == ScalingPolicy{});
    CHECK_FALSE(parse_scaling(object(R"({"profile": "cost"})")).value() == ScalingPolicy{});
}

TEST_CASE("tool: fallback holds, or is a number") {
    CHECK_FALSE(parse_scaling(object("{}")).value().fallback);
    CHECK_FALSE(parse_scaling(object(R"({"fallback": "hold"})")).value().fallback);
    CHECK(parse_scaling(object(R"({"fallback": 3})")).value().fallback == 3U);
}

TEST_CASE("tool: only what makes another worker changes the spec hash") {
    const std::string base = R"({"kind":"docker","extractor":"a","min_instances":1,"image":"x","environment":{"A":"1","B":"2"}})";
    const auto hash = [](std::string_view fields) { return tool(fields).spec_hash; };
    CHECK(hash(base) == hash(R"({"environment":{"B":"2","A":"1"},"image":"x","min_instances":9,"extractor":"a","kind":"docker","max_instances":99,"name_prefix":"p","scaling":{"idle_s":1}})"));
    CHECK(hash(base) == hash(R"({"kind":"docker","extractor":"a","min_instances":1,"options":{"image":"x"},"environment":{"A":"1","B":"2"}})"));
    for (const char* other : {R"({"kind":"docker","extractor":"a","min_instances":1,"image":"y","environment":{"A":"1","B":"2"}})",
                              R"({"kind":"docker","extractor":"b","min_instances":1,"image":"x","environment":{"A":"1","B":"2"}})",
                              R"({"kind":"docker","extractor":"a","min_instances":1,"image":"x","environment":{"A":"1","B":{"secret":"2"}}})"})
        CHECK(hash(base) != hash(other));
}

TEST_CASE("tool: a label reads back, whatever the tool is called") {
    for (const char* name : {"ocr", "a@b", "a.b", "a/b"})
        CHECK(parse_label(to_label({prod, name})) == ToolKey{prod, name});
    CHECK_FALSE(parse_label("nothing"));
    CHECK_FALSE(parse_label("@" + prod));
}

TEST_CASE("tool: a step limit is a number, a share of at least one, or none") {
    const auto limit = [](const char* text, std::uint32_t present) {
        return parse_scaling(object(std::string(R"({"up_step_max": )") + text + "}")).value().up_step_max.of(present);
    };
    CHECK(limit("3", 100) == 3);
    CHECK(limit("\"50%\"", 10) == 5);
    CHECK(limit("\"50%\"", 1) == 1);
    CHECK(limit("\"never\"", 1) == UINT32_MAX);
    for (const char* bad : {"\"0%\"", "\"x%\"", "\"%\"", "\"-5%\"", "\"50\"", "\"nan%\""})
        CHECK_FALSE(parse_scaling(object(std::string(R"({"up_step_max": )") + bad + "}")).has_value());
}

TEST_CASE("time: is written for machines and for people") {
    CHECK(to_rfc3339(from_unix_ms(1'795'338'843'120)) == "2026-11-22T09:14:03.120Z");
    CHECK(to_text(Millis(999)) == "999 ms");
    CHECK(to_text(Millis(59'999)) == "59 s");
    CHECK(to_text(Millis(60'000)) == "1 min");
    CHECK(to_text(Millis(125'000)) == "2 min 5 s");
    CHECK(to_text(Millis(4'200'000)) == "1 h 10 min");
    CHECK(to_text(Millis(90'000'000)) == "1 d 1 h");
}
