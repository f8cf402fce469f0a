#include "core/plan/plan_tool.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

std::string plan(const ToolView& view, TimePoint now = noon) { return to_text(plan_tool(view, now)); }

Worker running(const std::string& key, Millis age = 10 * minute) { return worker(key, WorkerState::running, age); }

Tool removed(Tool tool, Removal how = {}) {
    tool.removal = how;
    return tool;
}

/// No idle time, no look-back, no cooldown: the surplus goes at once.
Tool hasty(std::uint32_t minimum = 0) {
    Tool tool = ocr(minimum);
    tool.scaling.idle = tool.scaling.look_back = tool.scaling.down_cooldown = Millis(0);
    return tool;
}

Breaker failed(std::uint32_t failures, TimePoint retry_at) { return {failures, retry_at, {"x", "", "no such image"}}; }

}  // namespace

TEST_CASE("fate: every state has its one fate, and booting ends at the timeout") {
    const auto fate = [](WorkerState state, Millis age) { return fate_of(worker("w", state, age), minute, noon); };
    CHECK(fate(WorkerState::running, minute) == Fate::ready);
    CHECK(fate(WorkerState::draining, minute) == Fate::ready);
    CHECK(fate(WorkerState::suspended, minute) == Fate::ready);
    CHECK(fate(WorkerState::unknown, 100 * minute) == Fate::booting);
    CHECK(fate(WorkerState::provisioning, minute - Millis(1)) == Fate::booting);
    CHECK(fate(WorkerState::provisioning, minute) == Fate::late);
    CHECK(fate(WorkerState::stopped, minute) == Fate::dead);
    CHECK(fate(WorkerState::failed, minute) == Fate::dead);
    CHECK(fate(WorkerState::deleting, minute) == Fate::leaving);
    Worker unborn{"docker", "w", "", "", ""};
    unborn.state = WorkerState::provisioning;
    CHECK(fate_of(unborn, minute, noon) == Fate::booting);
}

TEST_CASE("plan: what is missing is created, each with its reason and its own key") {
    const Tool tool = ocr(2);
    const ToolPlan made = plan_tool(view(tool, waiting(0)), noon);
    CHECK(to_text(made) == "create docker: 0 there, 2 wanted: min_instances is 2; waiting for messages\n"
                           "create docker: 0 there, 2 wanted: min_instances is 2; waiting for messages\n");
    CHECK(made.steps[0].key != made.steps[1].key);
    CHECK(made.steps[0].key == worker_key(tool, "install", 0));
    CHECK(made.key_counter == 2);
    CHECK(plan_tool(view(tool, waiting(0)), noon).steps[1].key == made.steps[1].key);
}

TEST_CASE("plan: what is ordered, boots or runs counts; what is late, dead or leaving does not") {
    const Tool tool = ocr(1);
    for (const WorkerState state : {WorkerState::running, WorkerState::provisioning, WorkerState::unknown, WorkerState::draining})
        CHECK(plan(view(tool, waiting(0), {worker("w", state, minute)})).empty());
    ToolView ordered = view(tool, waiting(0));
    ordered.intents = {{"w", "docker", noon, true}};
    CHECK(plan(ordered).empty());
    const std::string created = "create docker: 0 there, 1 wanted: min_instances is 1; waiting for messages\n";
    CHECK(plan(view(tool, waiting(0), {worker("w", WorkerState::provisioning, 5 * minute)})) == "destroy w: still booting after 5 min\n" + created);
    CHECK(plan(view(tool, waiting(0), {worker("w", WorkerState::failed, minute)})) == "destroy w: failed\n" + created);
    CHECK(plan(view(tool, waiting(0), {worker("w", WorkerState::deleting, minute)})) == created);
}

TEST_CASE("plan: an order whose worker is seen already counts once") {
    const Tool tool = ocr(2);
    ToolView seen = view(tool, waiting(40), {running("w")});
    seen.intents = {{"w", "docker", noon, true}};
    CHECK(plan_tool(seen, noon).supply == 1);
}

TEST_CASE("plan: an order whose answer was lost is repeated under the same key") {
    const Tool tool = ocr(1);
    ToolView lost = view(tool, waiting(0));
    lost.intents = {{"ocr-1", "docker", noon}};
    CHECK(plan(lost) == "repeat ocr-1 docker: the answer to its order was lost; the same key makes no second worker\n");
    lost.intents[0].in_flight = true;
    CHECK(plan(lost).empty());
    lost.intents[0] = {"ocr-1", "docker", noon, false, false, true};
    CHECK(plan(lost).starts_with("create docker"));
}

TEST_CASE("plan: an order that nobody wants any more is let go instead of repeated") {
    const Tool tool = hasty();
    ToolView lost = view(tool, waiting(0));
    lost.intents = {{"ocr-1", "docker", noon}};
    CHECK(plan(lost) == "destroy ocr-1: 1 there, 0 wanted: 0 messages waiting, 0 in work, 20 per instance\n");
}

TEST_CASE("plan: nobody is a victim while any message is in work or cannot be seen") {
    const Tool tool = hasty();
    CHECK(plan(view(tool, waiting(0, 1), {running("a"), running("b")})).empty());
    CHECK(plan(view(tool, waiting_unseen(0), {running("a"), running("b")})).empty());
    CHECK(plan(view(tool, unread(), {running("a"), running("b")})).empty());
    CHECK(plan_tool(view(tool, waiting(0), {running("a"), running("b")}), noon).steps.size() == 2);
}

TEST_CASE("plan: victims are of an old spec first, then still booting, then the newest or the oldest") {
    Tool tool = hasty(1);
    ToolView world = view(tool, waiting(0), {running("old", 3 * minute), running("new", minute), running("other", 9 * minute),
                                             worker("boots", WorkerState::provisioning, minute)});
    world.workers[2].worker.spec_hash = 77;
    const auto victims = [&] {
        std::string keys;
        for (const Step& step : plan_tool(world, noon).steps) keys += step.key + " ";
        return keys;
    };
    CHECK(victims() == "other boots new ");
    tool.scaling.victim_order = VictimOrder::oldest;
    CHECK(victims() == "other boots old ");
}

TEST_CASE("plan: while a victim is on its way out no second one is named in its place") {
    const Tool tool = hasty(2);
    ToolView world = view(tool, waiting(0), {running("a"), running("b"), running("c")});
    CHECK(plan_tool(world, noon).steps.size() == 1);
    world.workers[0].in_flight = true;
    CHECK(plan(world).empty());
    ToolView ordered = view(tool, waiting(0), {running("a"), running("b")});
    ordered.intents = {{"c", "docker", noon, false, true}};
    CHECK(plan(ordered).empty());
}

TEST_CASE("plan: a worker about which a call is running is not destroyed again") {
    const Tool tool = ocr(0);
    const Tool going = removed(tool);
    ToolView dead = view(tool, waiting(0), {worker("dead", WorkerState::failed, minute)});
    ToolView alive = view(going, waiting(0), {running("a")});
    dead.workers[0].in_flight = alive.workers[0].in_flight = true;
    CHECK(plan(dead).empty());
    CHECK(plan(alive).empty());
}

TEST_CASE("plan: a failing backend is left alone until its time, then tried with one") {
    const Tool tool = ocr(3);
    ToolView world = view(tool, waiting(0));
    world.breakers["docker"] = failed(2, noon + 4 * second);
    const ToolPlan held = plan_tool(world, noon);
    CHECK(to_text(held) == "waiting: docker: tries again at 2023-11-14T22:13:24.000Z after no such image\n");
    CHECK(held.next_wake == noon + 4 * second);
    CHECK(plan(world, noon + 4 * second) ==
          "create docker: 0 there, 3 wanted: min_instances is 3; waiting for messages\n"
          "waiting: docker: one at a time after no such image\n");
}

TEST_CASE("plan: after a failure the next is tried when the one before has lived a while") {
    const Tool tool = ocr(3);
    ToolView world = view(tool, waiting(0), {running("trial", 14 * second)});
    world.breakers["docker"] = failed(1, noon - second);
    CHECK(plan(world) == "waiting: docker: one at a time after no such image\n");
    CHECK(plan_tool(world, noon).next_wake == noon + second);
    CHECK(plan(world, noon + second).starts_with("create docker"));
    world.workers.clear();
    world.intents = {{"w", "docker", noon, true}};
    CHECK(plan(world) == "waiting: docker: one at a time after no such image\n");
}

TEST_CASE("plan: what one backend cannot take goes to the next, and what none can take waits with the reason") {
    const Tool tool = ocr(4);
    ToolView world = view(tool, waiting(0));
    world.backends = {{"first", true, 1, ""}, {"second", true, 9, "does not answer"}, {"third", true, 2, ""}};
    const std::string reason = ": 0 there, 4 wanted: min_instances is 4; waiting for messages\n";
    CHECK(plan(world) == "create first" + reason + "create third" + reason + "create third" + reason +
                         "waiting: first: has no room left (max_instances); second: does not answer; third: has no room left (max_instances)\n");
    world.backends.clear();
    CHECK(plan(world) == "waiting: no backend runs tools of kind docker\n");
}

TEST_CASE("plan: a backend that does not answer is not called, also not to let go") {
    const Tool tool = ocr(0);
    ToolView world = view(tool, waiting(0), {worker("dead", WorkerState::failed, minute)});
    world.backends[0].trouble = "connection refused";
    CHECK(plan(world) == "waiting: docker: connection refused\n");
}

TEST_CASE("plan: paused does nothing, and a backend that was not listed stops everything") {
    Tool tool = ocr(2);
    tool.paused = true;
    CHECK(plan(view(tool, waiting(500), {worker("dead", WorkerState::failed, minute)})) == "waiting: paused: nothing is started or stopped\n");
    tool.paused = false;
    ToolView world = view(tool, waiting(0), {worker("dead", WorkerState::failed, minute)});
    world.backends[0].listed = false;
    CHECK(plan(world) == "waiting: backend docker has not listed its workers yet\n");
    const Tool going = removed(tool);
    world.tool = &going;
    world.workers.clear();
    CHECK(plan(world) == "waiting: backend docker has not listed its workers yet\n");
}

TEST_CASE("plan: a missing queue is created once, where that was asked for") {
    Tool tool = ocr(0);
    tool.missing_queue = MissingQueue::create;
    ToolView world = view(tool, unread(Reading::State::no_queue));
    CHECK(plan(world) == "create queue: queue ocr does not exist\n");
    world.create_queue_in_flight = true;
    CHECK(plan(world).empty());
}

TEST_CASE("plan: a removal waits for the work, lets go, then deletes the queue, then forgets") {
    const Tool tool = removed(ocr(2), {DeleteQueue::always, false});
    CHECK(plan(view(tool, waiting(5, 2), {running("a")})) == "waiting: 2 messages of ocr are in work\n");
    CHECK(plan(view(tool, waiting_unseen(5), {running("a")})) ==
          "waiting: it cannot be seen who works; remove with force ends all workers all the same\n");
    CHECK(plan(view(tool, unread(), {running("a")})) == "waiting: no reading of ocr (broker away)\n");
    CHECK(plan(view(tool, waiting(5), {running("a")})) == "destroy a: its tool is being removed\n");
    CHECK(plan(view(tool, waiting(5), {worker("a", WorkerState::deleting, minute)})).empty());
    ToolView gone = view(tool, waiting(5));
    CHECK(plan(gone) == "delete queue: its tool is being removed\n");
    gone.queue_deleted = true;
    CHECK(plan(gone) == "forget: all of its workers are gone\n");
    gone.intents = {{"w", "docker", noon, true}};
    CHECK(plan(gone).empty());
}

TEST_CASE("plan: a forced removal waits for nobody") {
    const Tool tool = removed(ocr(2), {DeleteQueue::never, true});
    CHECK(plan(view(tool, waiting(5, 2), {running("a")})) == "destroy a: its tool is being removed\n");
    CHECK(plan(view(tool, unread())) == "forget: all of its workers are gone\n");
}

TEST_CASE("plan: it wakes when a boot would be late") {
    const Tool tool = ocr(1);
    CHECK(plan_tool(view(tool, waiting(0)), noon).next_wake == std::nullopt);
    CHECK(plan_tool(view(tool, waiting(0), {worker("w", WorkerState::provisioning, minute)}), noon).next_wake == noon + 4 * minute);
    CHECK(plan_tool(view(tool, waiting(0), {worker("w", WorkerState::unknown, 90 * minute)}), noon).next_wake == std::nullopt);
}

TEST_CASE("breaker: waits 1 s, twice as long each time, at most 5 min, or what the provider says") {
    Breaker breaker;
    std::string waits;
    for (int i = 0; i < 11; ++i) {
        breaker = after_failure(breaker, {"x", "", "why"}, Millis(0), noon);
        waits += std::to_string((breaker.retry_at - noon) / second) + " ";
    }
    CHECK(waits == "1 2 4 8 16 32 64 128 256 300 300 ");
    CHECK(after_failure({}, {}, 600 * second, noon).retry_at == noon + 600 * second);
    CHECK(after_failure({1000, noon, {}}, {}, Millis(0), noon).retry_at == noon + 300 * second);
    CHECK(breaker.last.retry_at == breaker.retry_at);
}
