#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/simulation/world.hpp"

using namespace elasticity;
using namespace elasticity::simulation;
using namespace std::chrono_literals;

namespace {

/// Fewer by default, since a sanitized debug build takes seconds to deploy 10,000.
const std::size_t tool_count = [] {
    const char* text = std::getenv("ELASTICITY_SIMULATION_TOOLS");
    return text ? std::stoul(text) : 1'000;
}();

std::string name_of(std::size_t number) {
    return "tool-" + std::to_string(number);
}

ToolEntry entry_of(std::size_t number) {
    ToolEntry entry;
    entry.key = World::key_of(name_of(number));
    entry.fields = {{"kind", "docker"}, {"image", "good"}, {"min_instances", 0}};
    entry.generation = 1;
    return entry;
}

/// All tools idle, with their queues, listed and read.
void settle(World& world, DesiredState& desired) {
    std::vector<std::pair<std::string, Reading>> readings;
    for (std::size_t i = 0; i < tool_count; ++i) {
        desired.put(entry_of(i));
        Reading empty;
        empty.state = Reading::State::value;
        empty.unacknowledged = 0;
        readings.emplace_back(name_of(i), empty);
    }
    world.daemon.loop->on_desired(std::make_shared<DesiredState>(desired));
    world.daemon.loop->on_readings(World::target, readings);
    world.daemon.loop->run_due();
    world.timeline.advance_to(world.timeline.now() + 300ms);
    world.daemon.loop->run_due();
    world.timeline.advance_to(world.timeline.now() + 100ms);
    REQUIRE(world.journal.published.size() == tool_count);
}

template <class Work>
void measure(World& world, const char* what, std::size_t plans_max, Work work) {
    const std::uint64_t before = world.daemon.loop->plans_made();
    const auto began = std::chrono::steady_clock::now();
    work();
    world.daemon.loop->run_due();
    const auto took = std::chrono::steady_clock::now() - began;
    const std::uint64_t plans = world.daemon.loop->plans_made() - before;
    std::cout << what << ": " << plans << " plans, "
              << std::chrono::duration_cast<std::chrono::microseconds>(took).count() << " us\n";
    CHECK(plans <= plans_max);
}

}  // namespace

TEST_CASE("cost: one change among many tools is one decision") {
    World world;
    world.start();
    DesiredState desired;
    settle(world, desired);

    Reading one_message;
    one_message.state = Reading::State::value;
    one_message.ready = 1;
    one_message.unacknowledged = 0;
    measure(world, "nothing changed", 0, [] {});
    measure(world, "one reading changed", 1, [&] {
        world.daemon.loop->on_readings(World::target, {{name_of(tool_count / 2), one_message}});
    });
    measure(world, "its worker was created", 3,
            [&] { world.timeline.advance_to(world.timeline.now() + 400ms); });
    desired.put(entry_of(tool_count));
    const auto next = std::make_shared<DesiredState>(desired);
    measure(world, "one tool was deployed", 1, [&] { world.daemon.loop->on_desired(next); });
}
