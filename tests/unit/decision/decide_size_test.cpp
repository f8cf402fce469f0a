#include "core/scaling/decide_size.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

Tool with(std::uint32_t minimum, std::uint32_t maximum, const std::function<void(ScalingPolicy&)>& change = {}) {
    Tool tool = ocr(minimum, maximum);
    if (change) change(tool.scaling);
    return tool;
}

std::string decide(const Tool& tool, const Reading& reading, std::uint32_t supply, const ScalingMemory& memory = {},
                   TimePoint now = noon) {
    return to_text(decide_size(tool, reading, supply, memory, now));
}

std::uint32_t size(const Tool& tool, const Reading& reading, std::uint32_t supply, const ScalingMemory& memory = {},
                   TimePoint now = noon) {
    return decide_size(tool, reading, supply, memory, now).target;
}

/// Nothing but the backlog decides: no cooldown, no look-back, no idle time, no dead band.
void bare(ScalingPolicy& policy) {
    policy.up_cooldown = policy.down_cooldown = policy.look_back = policy.idle = Millis(0);
    policy.dead_band = 0;
}

}  // namespace

TEST_CASE("size: an instance for every 20 messages, begun ones counting") {
    const Tool tool = with(0, 20, bare);
    CHECK(decide(tool, waiting(20), 0) == "1: 20 messages waiting, 0 in work, 20 per instance");
    CHECK(size(tool, waiting(21), 0) == 2);
    CHECK(size(tool, waiting(15, 6), 0) == 2);
    CHECK(size(tool, waiting_unseen(41), 0) == 3);
    CHECK(size(tool, waiting(UINT64_MAX, UINT64_MAX), 0) == 20);
}

TEST_CASE("size: never below the minimum, never above the maximum") {
    const Tool tool = with(2, 4, bare);
    CHECK(size(tool, waiting(0), 0) == 2);
    CHECK(size(tool, waiting(0), 4) == 2);
    CHECK(size(tool, waiting(1000), 0) == 4);
    CHECK(size(tool, waiting(1000), 9) == 4);
    CHECK(decide(tool, waiting(0), 0) == "2: min_instances is 2; waiting for messages");
    CHECK(decide(tool, waiting(81), 0) == "4: 81 messages waiting, 0 in work, 20 per instance; max_instances is 4");
}

TEST_CASE("size: from zero only above activation, and activation says nothing once it runs") {
    const Tool tool = with(0, 20, [](ScalingPolicy& policy) { bare(policy); policy.activation = 5; });
    CHECK(decide(tool, waiting(5), 0) == "0: 5 messages waiting, 0 in work, starts above 5");
    CHECK(size(tool, waiting(6), 0) == 1);
    CHECK(size(tool, waiting(1), 1) == 1);
    CHECK(decide(tool, waiting(0), 0) == "0: waiting for messages");
}

TEST_CASE("size: no step while the wanted number is near, on both sides") {
    const Tool tool = with(0, 100, [](ScalingPolicy& policy) { bare(policy); policy.dead_band = 0.10; });
    CHECK(size(tool, waiting(220), 10) == 10);
    CHECK(size(tool, waiting(221), 10) == 12);
    CHECK(size(tool, waiting(180), 10) == 10);
    CHECK(size(tool, waiting(160), 10) == 8);
    CHECK(size(with(11, 100, [](ScalingPolicy& policy) { bare(policy); policy.dead_band = 1; }), waiting(0), 10) == 11);
}

TEST_CASE("size: up_cooldown_s holds a step up, but not the way to the minimum") {
    const Tool tool = with(2, 20, [](ScalingPolicy& policy) { bare(policy); policy.up_cooldown = 60 * second; });
    ScalingMemory memory;
    memory.last_up = noon;
    CHECK(size(tool, waiting(100), 2, memory, noon + 59 * second) == 2);
    CHECK(decide_size(tool, waiting(100), 2, memory, noon + 59 * second).held_until == noon + 60 * second);
    CHECK(size(tool, waiting(100), 2, memory, noon + 60 * second) == 5);
    CHECK(size(tool, waiting(0), 1, memory, noon + 1 * second) == 2);
}

TEST_CASE("size: down_cooldown_s counts from the last step in either direction") {
    const Tool tool = with(0, 20, [](ScalingPolicy& policy) { bare(policy); policy.down_cooldown = 60 * second; });
    for (const bool up : {true, false}) {
        ScalingMemory memory;
        (up ? memory.last_up : memory.last_down) = noon;
        CHECK(size(tool, waiting(20), 5, memory, noon + 59 * second) == 5);
        CHECK(size(tool, waiting(20), 5, memory, noon + 60 * second) == 1);
    }
}

TEST_CASE("size: on the way down the highest demand of the look-back decides") {
    const Tool tool = with(0, 20, [](ScalingPolicy& policy) { bare(policy); policy.look_back = 60 * second; });
    ScalingMemory memory = decide_size(tool, waiting(100), 5, {}, noon).memory;
    memory = decide_size(tool, waiting(60), 5, memory, noon + 10 * second).memory;
    memory = decide_size(tool, waiting(20), 5, memory, noon + 20 * second).memory;
    // Five were wanted until 12:00:10, three until 12:00:20.
    CHECK(size(tool, waiting(20), 5, memory, noon + 69 * second) == 5);
    CHECK(size(tool, waiting(20), 5, memory, noon + 70 * second) == 3);
    CHECK(size(tool, waiting(20), 5, memory, noon + 80 * second) == 1);
}

TEST_CASE("size: near enough to the highest of the look-back is looked at again when that one leaves it") {
    const Tool tool = with(0, 20, [](ScalingPolicy& policy) {
        bare(policy);
        policy.look_back = 60 * second;
        policy.dead_band = 0.1;
    });
    ScalingMemory memory = decide_size(tool, waiting(400), 20, {}, noon).memory;
    memory = decide_size(tool, waiting(380), 20, memory, noon + 10 * second).memory;
    memory = decide_size(tool, waiting(20), 20, memory, noon + 20 * second).memory;
    // Twenty were wanted until 12:00:10, nineteen until 12:00:20: near enough to the twenty that are there.
    const SizeDecision near = decide_size(tool, waiting(20), 20, memory, noon + 70 * second);
    CHECK(near.target == 20);
    CHECK(near.held_until == noon + 80 * second);
    CHECK(size(tool, waiting(20), 20, near.memory, *near.held_until) == 1);
}

TEST_CASE("size: the last worker goes only after idle_s") {
    const Tool tool = with(0, 20, [](ScalingPolicy& policy) { bare(policy); policy.idle = 300 * second; });
    const ScalingMemory busy = decide_size(tool, waiting(1), 1, {}, noon).memory;
    const SizeDecision quiet = decide_size(tool, waiting(0), 1, busy, noon + 10 * second);
    CHECK(quiet.target == 1);
    CHECK(quiet.held_until == noon + 310 * second);
    CHECK(size(tool, waiting(0), 1, quiet.memory, noon + 309 * second) == 1);
    CHECK(size(tool, waiting(0), 1, quiet.memory, noon + 310 * second) == 0);
    CHECK(size(tool, waiting(0), 1, {}, noon) == 1);
    CHECK(size(tool, waiting(0), 5, quiet.memory, noon + 20 * second) == 1);
}

TEST_CASE("size: a step is no larger than its limit, but for the minimum") {
    const Tool tool = with(1, 100, [](ScalingPolicy& policy) {
        bare(policy);
        policy.up_step_max.instances = 3;
        policy.down_step_max.fraction = 0.5;
    });
    CHECK(size(tool, waiting(2000), 4) == 7);
    CHECK(size(tool, waiting(0), 8) == 4);
    CHECK(size(tool, waiting(0), 3) == 2);
    CHECK(size(with(10, 100, [](ScalingPolicy& policy) { bare(policy); policy.up_step_max.instances = 3; }), waiting(2000), 4) == 10);
}

TEST_CASE("size: nothing shrinks because a reading is missing, and the minimum is still met") {
    for (const auto state : {Reading::State::missing, Reading::State::stale, Reading::State::suspect})
        for (const ScalingMode mode : {ScalingMode::backlog, ScalingMode::fixed})
            for (std::uint32_t supply = 0; supply < 12; ++supply) {
                Tool tool = with(2, 6, bare);
                tool.scaling.mode = mode;
                tool.force = true;
                CHECK(size(tool, unread(state), supply) == std::max(supply, 2U));
            }
    CHECK(decide(with(0, 6), unread(), 3) == "3: held: no reading of ocr (broker away)");
}

TEST_CASE("size: readings that stay missing bring the fallback, which ends nobody") {
    const Tool tool = with(1, 4, [](ScalingPolicy& policy) { bare(policy); policy.fallback = 3; });
    const SizeDecision first = decide_size(tool, unread(), 2, {}, noon);
    CHECK(first.target == 2);
    CHECK(first.held_until == noon + fallback_delay);
    const TimePoint later = noon + fallback_delay;
    CHECK(size(tool, unread(), 2, first.memory, later - Millis(1)) == 2);
    CHECK(decide(tool, unread(), 2, first.memory, later) == "3: held: no reading of ocr (broker away); fallback is 3");
    CHECK(size(tool, unread(), 4, first.memory, later) == 4);
    CHECK(size(with(0, 2, [](ScalingPolicy& policy) { policy.fallback = 3; }), unread(), 0, first.memory, later) == 2);
    CHECK(size(with(0, 2, [](ScalingPolicy& policy) { policy.fallback = 0; }), unread(), 1, first.memory, later) == 1);
    const ScalingMemory read_again = decide_size(tool, waiting(0), 2, first.memory, noon + second).memory;
    CHECK(size(tool, unread(), 2, read_again, later) == 2);
}

TEST_CASE("size: nobody is let go unless it is known that nobody works, or it is forced") {
    Tool tool = with(0, 6, bare);
    CHECK(decide(tool, waiting_unseen(0), 3) == "3: held: without the management API it cannot be seen who works; no worker is let go");
    tool.force = true;
    CHECK(size(tool, waiting_unseen(0), 3) == 0);
    CHECK(decide(tool, waiting(0, 1), 3) == "3: held: 1 message in work; no worker is let go meanwhile");
    CHECK(size(tool, waiting(0, 0), 3) == 0);
    CHECK(size(tool, waiting(0, 1), 9) == 9);
}

TEST_CASE("size: mode fixed is exact, and ends nobody who may be at work") {
    const Tool tool = with(1, 20, [](ScalingPolicy& policy) { policy.mode = ScalingMode::fixed; policy.fixed_instances = 3; });
    CHECK(decide(tool, waiting(9999), 0) == "3: fixed at 3");
    CHECK(size(tool, waiting(0), 5) == 3);
    CHECK(size(tool, waiting(0, 1), 5) == 5);
    CHECK(size(tool, waiting_unseen(0), 5) == 5);
    CHECK(size(tool, unread(Reading::State::no_queue), 5) == 3);
}

TEST_CASE("size: a missing queue gets one worker to declare it, or none") {
    Tool tool = with(0, 6);
    const Reading none = unread(Reading::State::no_queue);
    CHECK(decide(tool, none, 0) == "1: queue ocr does not exist; one worker is to declare it");
    CHECK(size(tool, none, 1) == 1);
    for (const MissingQueue way : {MissingQueue::wait, MissingQueue::create}) {
        tool.missing_queue = way;
        CHECK(decide(tool, none, 0) == "0: queue ocr does not exist");
    }
}

TEST_CASE("size: a constant backlog settles, and then nothing moves any more") {
    const std::vector<std::function<void(ScalingPolicy&)>> policies{
        bare, [](ScalingPolicy&) {},
        [](ScalingPolicy& policy) { policy.up_step_max.instances = 2; policy.down_step_max.instances = 2; },
        [](ScalingPolicy& policy) { policy.up_cooldown = 90 * second; policy.dead_band = 0.5; policy.activation = 30; },
        [](ScalingPolicy& policy) { bare(policy); policy.backlog_per_instance = 1; policy.up_step_max.fraction = 0.3; }};
    for (std::size_t index = 0; index < policies.size(); ++index)
        for (std::uint32_t backlog = 0; backlog <= 500; ++backlog)
            for (const std::uint32_t start : {0U, 20U}) {
                const Tool tool = with(0, 20, policies[index]);
                ScalingMemory memory;
                std::uint32_t supply = start;
                std::uint32_t settled = 0;
                int turns = 0;
                bool was_up = false;
                for (int step = 0; step < 40; ++step) {
                    const TimePoint now = noon + step * 30 * second;
                    const SizeDecision next = decide_size(tool, waiting(backlog), supply, memory, now);
                    memory = next.memory;
                    if (next.target != supply) {
                        const bool up = next.target > supply;
                        (up ? memory.last_up : memory.last_down) = now;
                        turns += settled != 0 && up != was_up ? 1 : 0;
                        was_up = up;
                        settled = static_cast<std::uint32_t>(step) + 1;
                    }
                    supply = next.target;
                }
                if (turns > 0 || settled > 30) {
                    CAPTURE(index, backlog, start, supply, turns, settled);
                    FAIL("does not settle");
                }
            }
}
