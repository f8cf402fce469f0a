#include <catch2/catch.hpp>

#include "tests/simulation/settled.hpp"

using namespace elasticity;
using namespace elasticity::simulation;
using namespace std::chrono_literals;

namespace {

void settles(World& world) {
    world.run_for(10min);
    CHECK_NOTHROW(check_settled(world));
    CHECK_NOTHROW(check_silent(world));
}

}  // namespace

TEST_CASE("fault: a backend away is said, asked for its list only, and found again as it was") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(1min);
    world.engine().away = true;
    world.run_for(1min);
    CHECK(world.state_of("ocr") == "degraded");
    const std::size_t creates = world.engine().creates;
    world.deploy("ocr", {{"min_instances", 4}});
    world.run_for(5min);
    CHECK(world.engine().creates == creates);
    CHECK(world.engine().failed_lists <= 190);  // every 2 s
    world.engine().away = false;
    settles(world);
    CHECK(world.engine().creates == 4);
    CHECK(world.engine().destroys == 0);
}

TEST_CASE("fault: a backend that was never listed gets no calls but list") {
    World world;
    world.engine().away = true;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    world.run_for(5min);
    CHECK(world.engine().creates == 0);
    CHECK(world.state_of("ocr") == "failed");
    world.engine().away = false;
    settles(world);
}

TEST_CASE("fault: nothing is created while the journal is full, and all of it soon after") {
    World world;
    world.journal.full = true;
    world.start();
    world.deploy("ocr", {{"min_instances", 3}});
    world.run_for(10min);
    CHECK(world.engine().creates == 0);
    CHECK(world.journal.published.empty());
    CHECK(world.seen_state_of("ocr") == "failed");
    CHECK(world.journal.commits < 400);
    CHECK(world.journal.refused_statuses < 400);
    CHECK(world.journal.largest_entry <= 2);  // what could not be saved does not pile up
    world.journal.full = false;
    world.run_for(1min);
    CHECK(world.workers_of("ocr") == 3);
    settles(world);
    CHECK(world.state_of("ocr") == "running");
}

TEST_CASE("fault: a status that the full journal could not take is told when there is room") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    world.run_for(1min);
    world.journal.full = true;
    world.engine().away = true;
    world.run_for(1min);
    CHECK(world.state_of("ocr") == "running");
    world.journal.full = false;
    world.run_for(5s);
    CHECK(world.state_of("ocr") == "degraded");
}

TEST_CASE("fault: what the full journal could not take is written later") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    while (world.workers_of("ocr") == 0) world.run_for(100ms);
    world.journal.full = true;
    world.run_for(2min);
    REQUIRE(world.journal.open_intents() == 1);
    world.journal.full = false;
    world.run_for(10s);
    CHECK(world.journal.open_intents() == 0);
}

TEST_CASE("fault: a crash loop creates at a bounded rate, and says why") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 5}, {"image", "crash"}});
    world.run_for(10min);
    CHECK(world.engine().creates <= 5 + 10);
    CHECK(world.state_of("ocr") == "failed");
    CHECK(world.reason_of("ocr").find("exit code 1") != std::string::npos);
    const std::size_t statuses = world.journal.published.size();
    const std::size_t creates = world.engine().creates;
    world.run_for(1h);
    CHECK(world.engine().creates - creates <= 13);  // every 5 min
    CHECK(world.journal.published.size() == statuses);
}

TEST_CASE("fault: workers that end by themselves with success too soon are a crash loop, too") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}, {"image", "exits"}});
    world.run_for(1h);
    CHECK(world.engine().creates <= 22);
    CHECK((world.state_of("ocr") == "failed" || world.state_of("ocr") == "degraded"));
}

TEST_CASE("fault: a worker that never boots is replaced at a growing distance, and the tool fails") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}, {"image", "hang"}});
    world.run_for(1h);
    CHECK(world.engine().workers.size() <= 1);
    CHECK(world.engine().creates <= 25);  // every minute at first, every five in the end
    CHECK(world.state_of("ocr") == "failed");
}

TEST_CASE(
    "fault: a worker that booted since the last list is not ended as late, though its backend fell silent") {
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.broker.service_time = 4min;
    world.deploy("ocr", {{"min_instances", 1}, {"max_instances", 1}, {"image", "slow"}});
    world.broker.publish(World::queue_of("ocr"), 1);
    world.run_for(50s);
    world.engine().away = GENERATE(false, true);
    world.run_for(2min);
    CHECK(world.engine().creates == 1);
    world.engine().away = false;
    world.run_for(3min);
    CHECK(world.engine().creates == 1);
    CHECK(world.broker.queues.at(World::queue_of("ocr")).done == 1);
}

TEST_CASE("fault: workers that never consume are said to be degraded after the boot time, not before") {
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr", {{"min_instances", 2}, {"image", "mute"}});
    world.run_for(50s);
    CHECK(world.state_of("ocr") == "deploying");
    world.run_for(15s);
    CHECK(world.state_of("ocr") == "degraded");
}

TEST_CASE("fault: a missing image fails its tool alone, and a deploy of another one mends it at once") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}, {"image", "missing"}});
    world.deploy("faces", {{"min_instances", 2}});
    world.run_for(10min);
    CHECK(world.state_of("ocr") == "failed");
    CHECK(world.state_of("faces") == "running");
    CHECK(world.engine().creates <= 2 + 2 + 10);
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(30s);
    CHECK(world.state_of("ocr") == "running");
    settles(world);
}

TEST_CASE("fault: a worker that somebody removed is made again") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(5min);
    world.backends.remove_worker(world.engine(), world.engine().workers.begin()->first);
    settles(world);
    CHECK(world.engine().creates == 3);
}

TEST_CASE("fault: readings that are missing, stale or late end no worker") {
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr");
    world.broker.publish(World::queue_of("ocr"), 60);
    world.run_for(10s);
    REQUIRE(world.workers_of("ocr") == 3);
    const bool away = GENERATE(true, false);
    if (away)
        world.broker.away = true;
    else
        world.broker.reading_lost = [] { return true; };
    world.run_for(1h);
    CHECK(world.workers_of("ocr") == 3);
    world.broker.away = false;
    world.broker.reading_lost = [] { return false; };
    settles(world);
    CHECK(world.workers_of("ocr") == 0);
}

TEST_CASE("fault: a tool that goes before its queue was read for the first time is told to be removed") {
    World world;
    world.broker.reading_delay = [] { return Millis(60'000); };
    world.start();
    world.deploy("ocr", {{"min_instances", 2}, {"missing_queue", "create"}});
    world.run_for(5s);
    REQUIRE(world.engine().creates == 2);
    world.remove("ocr", {DeleteQueue::always, true});
    world.run_for(20s);
    CHECK(world.engine().destroys == 2);
    CHECK(world.state_of("ocr") == "removed");
}
