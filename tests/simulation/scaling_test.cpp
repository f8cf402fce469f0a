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

TEST_CASE("scaling: from zero up, and down to zero after the idle time; no message is lost or done twice") {
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr", {{"max_instances", 4}});
    world.run_for(1min);
    CHECK(world.engine().creates == 0);
    CHECK(world.state_of("ocr") == "running");
    world.broker.publish(World::queue_of("ocr"), 100);
    world.run_for(5s);
    CHECK(world.workers_of("ocr") == 4);
    settles(world);
    CHECK(world.workers_of("ocr") == 0);
    CHECK(world.broker.queues.at(World::queue_of("ocr")).done == 100);
    CHECK(world.engine().creates == 4);
}

TEST_CASE("scaling: the last worker stays for the whole idle time, also after a restart") {
    const bool restart = GENERATE(false, true);
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr", {{"scaling", {{"idle_s", 300}}}});
    world.broker.publish(World::queue_of("ocr"), 1);
    world.run_for(10min - 5s);
    world.broker.publish(World::queue_of("ocr"), 1);
    world.run_for(10s);
    REQUIRE(world.workers_of("ocr") == 1);
    if (restart) world.restart();
    world.run_for(4min + 50s);
    CHECK(world.workers_of("ocr") == 1);
    world.run_for(30s);
    CHECK(world.workers_of("ocr") == 0);
}

TEST_CASE("scaling: a queue is cleared in the wanted time once the rate of a worker is known, also after a restart") {
    const bool restart = GENERATE(false, true);
    World world;
    world.backends.boot_time = 30s;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr", {{"max_instances", 100}, {"scaling", {{"mode", "drain_time"}, {"drain_time_s", 120}}}});
    world.broker.publish(World::queue_of("ocr"), 200);
    world.run_for(10min);
    REQUIRE(world.broker.queues.at(World::queue_of("ocr")).done == 200);
    REQUIRE(world.workers_of("ocr") == 0);
    // The journal keeps what was known at the last step, which was the one to zero.
    if (restart) world.restart();
    const std::size_t before = world.engine().creates;
    // At one message in 3 s, 900 take 2700 worker-seconds: 23 for 120 s, 30 when 30 s of them go into booting.
    world.broker.publish(World::queue_of("ocr"), 900);
    world.run_for(120s + 15s);
    CHECK(world.waiting("ocr") == 0);
    CHECK(world.engine().creates - before >= 23);
    CHECK(world.engine().creates - before <= 50);
    settles(world);
}

TEST_CASE("scaling: while the broker is away the fallback is kept, and what it says afterwards counts again") {
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr", {{"scaling", {{"fallback", 3}}}});
    world.run_for(1min);
    world.broker.away = true;
    world.run_for(20s);
    CHECK(world.workers_of("ocr") == 0);
    world.run_for(20s);
    CHECK(world.workers_of("ocr") == 3);
    world.run_for(1h);
    CHECK(world.workers_of("ocr") == 3);
    world.broker.away = false;
    settles(world);
    CHECK(world.workers_of("ocr") == 0);
}

TEST_CASE("scaling: the minimum of a schedule comes and goes in time, although nothing else happens") {
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    // The world begins on 2027-01-15 at 08:00 UTC.
    const boost::json::object entry{{"cron", "30 8 * * fri"}, {"for_s", 600}, {"min_instances", 3}};
    world.deploy("ocr", {{"scaling", {{"schedule", boost::json::array{entry}}}}});
    world.run_for(30min - 1s);
    CHECK(world.workers_of("ocr") == 0);
    world.run_for(5s);
    CHECK(world.workers_of("ocr") == 3);
    world.run_for(9min);
    CHECK(world.workers_of("ocr") == 3);
    world.run_for(2min);
    CHECK(world.workers_of("ocr") == 0);
    settles(world);
}

TEST_CASE("scaling: a steady stream settles at the size that it needs, in mode drain_time as well") {
    World world;
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr", {{"max_instances", 100}, {"scaling", {{"mode", "drain_time"}, {"drain_time_s", 60}}}});
    const auto stream_for_half_an_hour = [&] {
        // Two a second, 3 s each: six are busy all the time.
        for (int i = 0; i < 1'800; ++i) {
            world.broker.publish(World::queue_of("ocr"), 2);
            world.run_for(1s);
        }
    };
    stream_for_half_an_hour();
    const std::size_t steps = world.engine().creates + world.engine().destroys;
    stream_for_half_an_hour();
    CHECK(world.engine().creates + world.engine().destroys == steps);
    CHECK(world.waiting("ocr") <= 20);
    settles(world);
    CHECK(world.workers_of("ocr") == 0);
}

TEST_CASE(
    "scaling: tools that share a quota never exceed it, and the one that waits goes on when there is room") {
    World world({{"engine"}, {{"engine", 4}}});
    world.start();
    for (const char* tool : {"ocr", "faces"}) {
        world.broker.queues[World::queue_of(tool)];
        world.deploy(tool);
        world.broker.publish(World::queue_of(tool), 80);
    }
    world.run_for(5s);
    CHECK(world.engine().workers.size() == 4);
    settles(world);
    CHECK(world.broker.queues.at(World::queue_of("ocr")).done == 80);
    CHECK(world.broker.queues.at(World::queue_of("faces")).done == 80);
}

TEST_CASE("scaling: room counts an order and its worker once") {
    World world({{"engine"}, {{"engine", 4}}});
    world.start();
    world.broker.queues[World::queue_of("ocr")];
    world.deploy("ocr");
    world.broker.publish(World::queue_of("ocr"), 30);
    world.run_for(3s);
    REQUIRE(world.workers_of("ocr") == 2);
    REQUIRE(world.journal.open_intents() == 2);
    world.broker.publish(World::queue_of("ocr"), 50);
    world.run_for(3s);
    CHECK(world.workers_of("ocr") == 4);
}

TEST_CASE("scaling: a full backend spills over to the next in its placement") {
    World world({{"engine", "cloud"}, {{"engine", 2}}});
    world.start();
    world.deploy("ocr", {{"min_instances", 5}});
    settles(world);
    CHECK(world.engine().workers.size() == 2);
    CHECK(world.backends.providers.at("cloud").workers.size() == 3);
}

TEST_CASE("scaling: a backend that refuses or does not answer spills over to the next in its placement, and gets its turn again") {
    const CallFate fate = GENERATE(CallFate::refused, CallFate::unavailable);
    World world({{"engine", "cloud"}, {}});
    bool fails = true;
    world.backends.fate = [&](const std::string& backend) { return fails && backend == "engine" ? fate : CallFate::done; };
    world.start();
    world.run_for(5s);
    if (fate == CallFate::unavailable) {
        fails = false;  // it was seen once, then it went away
        world.run_for(30s);
        fails = true;
    }
    world.deploy("ocr", {{"min_instances", 3}});
    world.run_for(1min);
    CHECK(world.engine().workers.empty());
    CHECK(world.backends.providers.at("cloud").workers.size() == 3);
    fails = false;
    world.run_for(10min);
    world.deploy("ocr", {{"min_instances", 5}});
    settles(world);
    // After its failure it is given one at a time; the other one did not wait for that.
    CHECK(world.engine().workers.size() == 1);
    CHECK(world.backends.providers.at("cloud").workers.size() == 4);
}

TEST_CASE("scaling: no room at all is a failure that says so, and not an endless deployment") {
    World world({{"engine"}, {{"engine", 1}}});
    world.start();
    world.deploy("faces", {{"min_instances", 1}});
    world.run_for(1min);
    world.deploy("ocr", {{"min_instances", 1}});
    world.run_for(1min);
    CHECK(world.state_of("ocr") == "failed");
    world.remove("faces", {DeleteQueue::never, false});
    settles(world);
    CHECK(world.state_of("ocr") == "running");
}

TEST_CASE("removal: waits for the messages in work, then ends the workers, then the tool") {
    World world;
    world.broker.service_time = 60s;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(10s);
    world.broker.publish(World::queue_of("ocr"), 2);
    world.run_for(5s);
    world.remove("ocr");
    world.run_for(20s);
    CHECK(world.workers_of("ocr") == 2);
    CHECK(world.state_of("ocr") == "removing");
    settles(world);
    CHECK(world.state_of("ocr") == "removed");
    CHECK(world.entry_of("ocr") == nullptr);
    CHECK(world.broker.queues.at(World::queue_of("ocr")).done == 2);
}

TEST_CASE("removal: with force nobody waits, and the queue goes as was asked") {
    World world;
    world.broker.service_time = 1h;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(10s);
    world.broker.publish(World::queue_of("ocr"), 2);
    world.run_for(5s);
    world.remove("ocr", {DeleteQueue::always, true});
    world.run_for(30s);
    CHECK(world.state_of("ocr") == "removed");
    CHECK(world.engine().workers.empty());
    CHECK(world.broker.queues.empty());
    settles(world);
}

TEST_CASE("removal: a deploy that overtakes its end brings the tool back") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    world.run_for(1min);
    world.remove("ocr");
    while (world.state_of("ocr") != "removed") world.run_for(1ms);
    world.deploy("ocr", {{"min_instances", 2}});
    settles(world);
    CHECK(world.workers_of("ocr") == 2);
}

TEST_CASE("missing queue: one worker is started to declare it") {
    World world;
    world.start();
    world.deploy("ocr");
    world.run_for(10s);
    CHECK(world.broker.queues.contains(World::queue_of("ocr")));
    settles(world);
    CHECK(world.engine().creates == 1);
    CHECK(world.workers_of("ocr") == 0);
}

TEST_CASE("missing queue: it is created, once") {
    World world;
    world.broker.reading_delay = [] { return Millis(1'500); };
    world.start();
    world.deploy("ocr", {{"missing_queue", "create"}});
    settles(world);
    CHECK(world.broker.queues.contains(World::queue_of("ocr")));
    CHECK(world.broker.queue_calls == 1);
    CHECK(world.engine().creates == 0);
}

TEST_CASE("missing queue: with wait nothing is started before somebody else declares it") {
    World world;
    world.start();
    world.deploy("ocr", {{"missing_queue", "wait"}});
    world.run_for(5min);
    CHECK(world.engine().creates == 0);
    CHECK(world.state_of("ocr") == "running");
    world.broker.queues[World::queue_of("ocr")];
    world.broker.publish(World::queue_of("ocr"), 5);
    settles(world);
    CHECK(world.broker.queues.at(World::queue_of("ocr")).done == 5);
}

TEST_CASE("queues: two tools that exchange theirs in one commit are both read on") {
    World world;
    world.start();
    for (const char* queue : {"ocr", "faces"}) world.broker.queues[World::queue_of(queue)];
    world.deploy("ocr", {{"queue", "ocr"}});
    world.deploy("faces", {{"queue", "faces"}});
    world.run_for(1min);
    auto next = std::make_shared<DesiredState>(*world.store.current());
    for (const auto& [tool, queue] : {std::pair("ocr", "faces"), std::pair("faces", "ocr")}) {
        ToolEntry entry = *world.entry_of(tool);
        entry.fields["queue"] = queue;
        next->put(std::move(entry));
    }
    world.daemon.loop->on_desired(next);
    world.broker.publish(World::queue_of("ocr"), 5);
    world.broker.publish(World::queue_of("faces"), 5);
    world.run_for(1min);
    CHECK(world.broker.queues.at(World::queue_of("ocr")).done == 5);
    CHECK(world.broker.queues.at(World::queue_of("faces")).done == 5);
}
