#include <catch2/catch.hpp>
#include <deque>

#include "tests/simulation/settled.hpp"

using namespace elasticity;
using namespace elasticity::simulation;
using namespace std::chrono_literals;

namespace {

/// Nothing fails any more: some minutes later all is as it should be.
void settles(World& world) {
    world.run_for(10min);
    CHECK_NOTHROW(check_settled(world));
    CHECK_NOTHROW(check_silent(world));
}

}  // namespace

TEST_CASE("crash: workers of an earlier life are adopted, and no second one is made") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 3}});
    world.run_for(1min);
    REQUIRE(world.workers_of("ocr") == 3);
    world.kill();
    world.run_for(2min);
    REQUIRE(world.workers_of("ocr") == 3);
    world.start();
    world.run_for(1min);
    CHECK(world.engine().creates == 3);
    CHECK(world.engine().destroys == 0);
    CHECK(world.state_of("ocr") == "running");
    settles(world);
}

TEST_CASE("crash: adoption needs no journal, the provider's labels are enough") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(1min);
    world.kill();
    SimulatedJournal empty(world.timeline, world.daemon);
    LoopSettings settings;
    settings.install_id = "install";
    settings.placement["docker"] = {"engine"};
    ++world.daemon.life;
    world.daemon.loop = std::make_unique<ControlLoop>(
        Ports{world.timeline, world.backends, world.broker, empty, empty, world.store}, settings,
        Recovered{});
    world.daemon.loop->on_desired(world.store.current());
    world.run_for(2min);
    CHECK(world.engine().creates == 2);
    CHECK(world.workers_of("ocr") == 2);
}

TEST_CASE("crash: before the journal holds the order, it never was") {
    World world;
    world.journal.latency = [] { return Millis(500); };
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    while (world.journal.commits == 0) world.run_for(50ms);
    REQUIRE(world.engine().creates == 0);
    world.restart();
    settles(world);
    CHECK(world.engine().creates == 1);
}

TEST_CASE("crash: between journal and create, the order is given again under its key") {
    World world;
    world.journal.latency = [] { return Millis(500); };
    world.journal.survives_kill = [] { return true; };
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    while (world.journal.commits == 0) world.run_for(50ms);
    REQUIRE(world.engine().creates == 0);
    world.kill();
    REQUIRE(world.journal.open_intents() == 1);
    const std::string key = world.journal.recovered().intents.front().intent.key;
    world.start();
    settles(world);
    CHECK(world.engine().creates == 1);
    CHECK(world.engine().workers.contains(key));
}

TEST_CASE("crash: between create and its answer, whether it took effect or not") {
    const bool takes_effect = GENERATE(true, false);
    const Millis restart_after = GENERATE(Millis(0), Millis(1'500), Millis(10'000));
    World world;
    world.backends.latency = [] { return Millis(1'000); };
    world.backends.finishes_after_kill = [=] { return takes_effect; };
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    while (world.engine().creates == 0) world.run_for(100ms);
    world.kill();
    world.run_for(restart_after);
    world.start();
    settles(world);
    CHECK(world.engine().workers.size() == 1);
    CHECK(world.engine().creates == (takes_effect && restart_after == Millis(10'000) ? 1 : 2));
}

TEST_CASE("crash: between answer and list") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    while (world.workers_of("ocr") == 0) world.run_for(100ms);
    world.run_for(200ms);
    REQUIRE(world.journal.open_intents() == 1);
    world.restart();
    settles(world);
    CHECK(world.engine().workers.size() == 1);
}

TEST_CASE("crash: an answer that is lost makes no second worker") {
    const CallFate fate = GENERATE(CallFate::lost_done, CallFate::lost_undone);
    World world;
    int calls = 0;
    world.backends.fate = [&](const std::string&) {
        return world.engine().creates > 0 && calls++ == 0 ? fate : CallFate::done;
    };
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    settles(world);
    CHECK(world.engine().creates == 2);
    CHECK(world.engine().workers.size() == 1);
}

TEST_CASE("crash: an order that was refused is not repeated by the next life") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}, {"image", "missing"}});
    world.run_for(11s);  // some refusals, and no list since
    REQUIRE(world.engine().creates >= 3);
    REQUIRE(world.engine().lists == 1);
    CHECK(world.journal.open_intents() == 0);
    const std::size_t creates = world.engine().creates;
    world.restart();
    world.run_for(1s);
    CHECK(world.engine().creates == creates + 1);
}

TEST_CASE("crash: a list that began before a create had finished does not disprove it") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    while (world.engine().lists == 0) world.run_for(10ms);
    world.run_for(15s - 50ms);
    std::deque<Millis> delays{Millis(10), Millis(3'000)};  // of the list: what it sees, and when it says so
    world.backends.latency = [&] {
        if (delays.empty()) return Millis(100);
        const Millis next = delays.front();
        delays.pop_front();
        return next;
    };
    while (!delays.empty()) world.run_for(10ms);
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(2s);
    REQUIRE(world.workers_of("ocr") == 2);
    REQUIRE(world.engine().lists == 1);
    settles(world);
    CHECK(world.engine().creates == 2);
    CHECK(world.engine().workers.size() == 2);
    for (const auto& each : world.journal.published) CHECK(each.status.errors.empty());
}

TEST_CASE("crash: an order of a tool that is gone from tools.json is closed, and its worker left alone") {
    World world;
    world.backends.latency = [] { return Millis(1'000); };
    world.start();
    world.deploy("ocr", {{"min_instances", 1}});
    while (world.engine().creates == 0) world.run_for(100ms);
    world.kill();
    take_out_by_hand(world, "ocr");
    world.start();
    world.run_for(2min);
    CHECK(world.journal.open_intents() == 0);
    CHECK(world.engine().workers.size() == 1);
    CHECK(world.engine().destroys == 0);
}

TEST_CASE("crash: workers of a tool that tools.json lost are never touched, and adopted when it is back") {
    World world;
    world.start();
    world.deploy("ocr", {{"min_instances", 2}});
    world.run_for(1min);
    take_out_by_hand(world, "ocr");
    world.run_for(5min);
    world.restart();
    world.run_for(5min);
    CHECK(world.engine().workers.size() == 2);
    CHECK(world.engine().destroys == 0);
    CHECK(world.daemon.loop->describe().at("workers_of_unknown_tools").as_array().size() == 2);
    world.deploy("ocr", {{"min_instances", 3}});
    settles(world);
    CHECK(world.engine().workers.size() == 3);
    CHECK(world.engine().destroys == 0);
}
