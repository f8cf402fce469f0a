#include <catch2/catch.hpp>

#include "tests/simulation/settled.hpp"

using namespace elasticity;
using namespace elasticity::simulation;
using namespace std::chrono_literals;
using Catch::Contains;

/// What a faulty daemon would do: a simulation that cannot fail proves nothing.
namespace {

/// A tool with two workers, both of them at work for an hour.
void start_busy(World& world) {
    world.broker.service_time = 1h;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}, {"max_instances", 2}});
    world.run_for(10s);
    world.broker.publish(World::queue_of("ocr"), 2);
    world.run_for(5s);
    REQUIRE(world.broker.in_work(World::queue_of("ocr")) == 2);
}

WorkerOrder order_of(const World& world, const std::string& key) {
    return {key, make_tool(*world.entry_of("ocr"), {})};
}

}  // namespace

TEST_CASE("canary: a busy worker that is ended is caught") {
    World world;
    start_busy(world);
    const std::string victim = world.engine().workers.begin()->first;
    CHECK_THROWS_WITH(world.backends.destroy("engine", victim, "", 0), Contains("no worker is ended while messages are in work"));
}

TEST_CASE("canary: an order that no journal holds is caught") {
    World world;
    start_busy(world);
    CHECK_THROWS_WITH(world.backends.create("engine", order_of(world, "unwritten"), 0), Contains("without a durable intent"));
}

TEST_CASE("canary: a worker too many is caught") {
    World world;
    start_busy(world);
    world.backends.before_create = {};
    world.backends.create("engine", order_of(world, "third"), 0);
    CHECK_THROWS_WITH(world.run_for(5s), Contains("no tool gets more workers than its max_instances"));
}

TEST_CASE("canary: a status that says nothing new is caught") {
    World world;
    start_busy(world);
    world.journal.publish(World::key_of("ocr"), *world.journal.last_status(World::key_of("ocr")));
    CHECK_THROWS_WITH(world.run_for(5s), Contains("no status is published without news"));
}

TEST_CASE("canary: a tool that lost its workers for good is caught once the world should have settled") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}, {"max_instances", 2}});
    world.run_for(2min);
    REQUIRE_NOTHROW(check_settled(world));
    world.kill();
    world.engine().workers.clear();
    CHECK_THROWS_AS(check_settled(world), Breach);
}
