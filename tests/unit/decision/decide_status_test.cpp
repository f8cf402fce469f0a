#include "core/report/decide_status.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/model/json_text.hpp"
#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

Status status_of(const ToolView& world, TimePoint now = noon) {
    return decide_status(world, plan_tool(world, now), "http://h:15672/prod", now);
}

std::string status(const ToolView& world, TimePoint now = noon) { return to_text(status_of(world, now)); }

Worker running(const std::string& key, Millis age = 10 * minute) { return worker(key, WorkerState::running, age); }

Reading consumed(std::uint32_t consumers, std::uint64_t ready = 0) {
    Reading reading = waiting(ready);
    reading.consumers = consumers;
    return reading;
}

Breaker failed(const std::string& why) { return {1, noon + second, {"image_not_found", "", why}}; }

}  // namespace

TEST_CASE("status: enough that consume is running") {
    const Tool tool = ocr(2);
    CHECK(status(view(tool, consumed(2), {running("a"), running("b")})) == "running: 2 of 2 instances run on docker and consume ocr\n");
    CHECK(status(view(tool, consumed(1), {running("a"), running("b")})) == "running: 2 of 2 instances run on docker and 1 of them consume ocr\n");
    ToolView mixed = view(tool, consumed(2), {running("a"), running("b")});
    mixed.workers[0].worker.spec_hash = 7;
    CHECK(status(mixed) == "running: 2 of 2 instances run on docker and consume ocr; 1 still with the previous specification\n");
    CHECK(status_of(mixed).updated == 1);
}

TEST_CASE("status: a minimum of 0 settles as running") {
    const Tool tool = ocr(0);
    CHECK(status(view(tool, waiting(0))) == "running: 0 of 0 instances, waiting for messages\n");
}

TEST_CASE("status: too few without a failure is deploying") {
    const Tool tool = ocr(2);
    CHECK(status(view(tool, waiting(0))) == "deploying: 0 of 2 instances run\n");
    CHECK(status(view(tool, consumed(1), {running("a"), worker("b", WorkerState::provisioning, second)})) == "deploying: 1 of 2 instances run\n");
    ToolView unlisted = view(tool, waiting(0));
    unlisted.backends[0].listed = false;
    CHECK(status(unlisted) == "deploying: 0 of 2 instances run; backend docker has not listed its workers yet\n");
}

TEST_CASE("status: a failure with none running is failed, with some degraded, with enough nothing") {
    const Tool tool = ocr(2);
    ToolView none = view(tool, waiting(0));
    none.breakers["docker"] = failed("no such image");
    CHECK(status(none) == "failed: 0 of 2 instances run: docker: no such image\nimage_not_found : docker: no such image\n");
    ToolView some = view(tool, consumed(1), {running("a")});
    some.breakers["docker"] = failed("no such image");
    CHECK(status(some) == "degraded: 1 of 2 instances run: docker: no such image\nimage_not_found : docker: no such image\n");
    ToolView enough = view(tool, consumed(2), {running("a"), running("b")});
    enough.breakers["docker"] = failed("no such image");
    CHECK(status(enough) == "running: 2 of 2 instances run on docker and consume ocr\n");
    ToolView growing = view(tool, consumed(2, 200), {running("a"), running("b")});
    growing.breakers["docker"] = failed("no room");
    CHECK(status(growing).starts_with("degraded: 2 of 10 instances run: docker: no room\n"));
}

TEST_CASE("status: in a crash loop a try that runs for a moment is no recovery") {
    const Tool tool = ocr(1);
    ToolView world = view(tool, consumed(1), {running("try", 14 * second)});
    world.breakers["docker"] = failed("it ended with exit code 1");
    CHECK(status(world).starts_with("failed: 1 of 1 instance run: docker: it ended with exit code 1\n"));
    CHECK(status(world, noon + second) == "running: 1 of 1 instance run on docker and consume ocr\n");
}

TEST_CASE("status: no room for the minimum is told as an error") {
    const Tool tool = ocr(1);
    ToolView world = view(tool, waiting(0));
    world.backends[0].room = 0;
    CHECK(status(world).starts_with("failed: 0 of 1 instance run: docker: has no room left (max_instances)\nno_capacity : "));
}

TEST_CASE("status: workers on a backend that does not answer are degraded, however many they were") {
    const Tool tool = ocr(1);
    ToolView world = view(tool, consumed(1), {running("a")});
    world.backends[0].trouble = "connection refused";
    CHECK(status(world) == "degraded: 1 of 1 instance run: docker: connection refused\nbackend_unavailable : docker: connection refused\n");
    world.backends.push_back({"spare", true, 9, "connection refused"});
    world.backends[0].trouble.clear();
    CHECK(status(world).starts_with("running: "));
}

TEST_CASE("status: workers that do not consume are deploying until the boot timeout, then degraded") {
    const Tool tool = ocr(1);
    const ToolView world = view(tool, consumed(0), {running("a", Millis(0))});
    const std::string text = "1 of 1 instance run, but none consumes ocr";
    CHECK(status(world, noon + 5 * minute - Millis(1)) == "deploying: " + text + " yet\n");
    CHECK(status(world, noon + 5 * minute) == "degraded: " + text + "\nnot_consuming : " + text + "\n");
    CHECK(status(view(tool, unread(), {running("a")})) == "running: 1 of 1 instance run; no reading of ocr (broker away)\n");
}

TEST_CASE("status: paused and being removed say what is left") {
    Tool tool = ocr(2);
    tool.paused = true;
    CHECK(status(view(tool, consumed(1), {running("a")})) == "paused: paused with 1 of 2 instances running\n");
    tool.removal = Removal{};
    CHECK(status(view(tool, waiting(0), {running("a")})) == "removing: being removed; 1 worker left\n");
    CHECK(status(view(tool, waiting(0, 3), {running("a")})) == "removing: being removed; waiting: 3 messages of ocr are in work\n");
}

TEST_CASE("status: a state change is news, a scaling step is not") {
    Status before;
    before.state = ToolState::running;
    before.desired = before.running = 2;
    before.reason = "2 of 2";
    Status after = before;
    after.desired = after.running = 7;
    after.reason = "7 of 7";
    CHECK_FALSE(is_news(before, after));
    const auto changed = [&](auto change) {
        Status other = before;
        change(other);
        return is_news(before, other);
    };
    CHECK(changed([](Status& s) { s.state = ToolState::degraded; }));
    CHECK(changed([](Status& s) { s.generation = 9; }));
    CHECK(changed([](Status& s) { s.request_id = "other"; }));
    CHECK(changed([](Status& s) { s.errors = {{"no_capacity", "", "x"}}; }));
    before.errors = {{"no_capacity", "", "x"}};
    CHECK_FALSE(changed([](Status& s) { s.errors[0].message = "y"; }));
}

TEST_CASE("status: is written as the contract says") {
    Status rejected;
    rejected.request_id = "r1";
    rejected.reason = "no";
    rejected.errors = {{"quota_exceeded", "/tools/0", "full", noon}};
    CHECK(boost::json::serialize(to_json(rejected)) ==
          R"({"schema":"elasticity/status/v1","request_id":"r1","generation":0,"target":null,"tool":null,"kind":null,)"
          R"("extractors":[],"state":"rejected","desired":0,"running":0,"consuming":0,"updated":0,"backends":{},"reason":"no",)"
          R"("errors":[{"code":"quota_exceeded","pointer":"/tools/0","message":"full","retry_at":"2023-11-14T22:13:20.000Z"}]})");
    const Tool tool = ocr(1);
    const auto sent = to_json(status_of(view(tool, consumed(1), {running("a")})));
    CHECK(sent.at("target") == "http://h:15672/prod");
    CHECK(sent.at("backends") == boost::json::object{{"docker", 1}});
    CHECK(sent.at("extractors") == boost::json::array{"ocr"});
}
