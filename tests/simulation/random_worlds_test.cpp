#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "tests/simulation/dice.hpp"
#include "tests/simulation/settled.hpp"

using namespace elasticity;
using namespace elasticity::simulation;
using namespace std::chrono_literals;

namespace {

constexpr int steps_of_a_world = 40;
constexpr const char* tools[] = {"ocr", "faces", "eyes", "audio"};

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text ? std::stoull(text) : fallback;
}

/// Draws everything that people, providers, the broker and the power supply do to a daemon.
class Driver {
public:
    explicit Driver(std::uint64_t seed) : dice_(seed), world_(options()) {
        world_.broker.has_management = dice_.percent(80);
        world_.broker.service_time = Millis(500 + dice_.roll(8'000));
        world_.backends.boot_time = Millis(dice_.roll(5'000));
        world_.backends.latency = [this] { return Millis(10 + dice_.roll(dice_.percent(10) ? 4'000 : 400)); };
        world_.journal.latency = [this] { return Millis(1 + dice_.roll(dice_.percent(10) ? 1'500 : 30)); };
        world_.broker.reading_delay = [this] { return Millis(dice_.roll(dice_.percent(10) ? 3'000 : 50)); };
        world_.backends.fate = [this](const std::string&) { return draw_fate(); };
        world_.backends.finishes_after_kill = [this] { return dice_.percent(50); };
        world_.journal.survives_kill = [this] { return dice_.percent(50); };
        world_.broker.reading_lost = [this] { return troubled_ && dice_.percent(5); };
    }

    void run() {
        world_.start();
        for (int step = 0; step < steps_of_a_world; ++step) {
            act();
            world_.run_for(Millis(dice_.roll(dice_.percent(30) ? 60'000 : 3'000)));
        }
        heal();
        world_.run_for(10min);
        check_settled(world_);
        mend_images();
        world_.run_for(10min);
        check_settled(world_);
        check_silent(world_);
    }

private:
    static WorldOptions options() { return {{"engine", "cloud"}, {{"engine", 3}}}; }

    CallFate draw_fate() {
        if (!troubled_ || dice_.percent(85)) return CallFate::done;
        switch (dice_.roll(4)) {
            case 0:
                return CallFate::refused;
            case 1:
                return CallFate::unavailable;
            case 2:
                return CallFate::lost_done;
            default:
                return CallFate::lost_undone;
        }
    }

    std::string any_tool() { return tools[dice_.roll(std::size(tools))]; }

    Provider& any_provider() { return world_.backends.providers.at(dice_.percent(50) ? "engine" : "cloud"); }

    void deploy(const std::string& tool) {
        constexpr const char* images[] = {"good",    "good", "good",  "good", "crash",
                                          "missing", "hang", "exits", "mute"};
        constexpr const char* ways[] = {"start_one", "create", "wait"};
        const std::uint64_t least = dice_.roll(3);
        world_.deploy(tool, {{"min_instances", least},
                             {"max_instances", least + dice_.roll(4)},
                             {"image", images[dice_.roll(std::size(images))]},
                             {"missing_queue", ways[dice_.roll(std::size(ways))]}});
    }

    void change_tool(const std::string& tool) {
        const ToolEntry* held = world_.entry_of(tool);
        if (!held || dice_.percent(50)) return deploy(tool);
        if (held->removal) return;
        if (dice_.percent(40)) return world_.pause(tool, !held->paused);
        // Without the management API only force ends a worker.
        const bool force = !world_.broker.has_management || dice_.percent(40);
        world_.remove(tool, {dice_.percent(30) ? DeleteQueue::always : DeleteQueue::never, force});
    }

    void lose_worker() {
        Provider& provider = any_provider();
        if (provider.workers.empty()) return;
        auto worker = provider.workers.begin();
        std::advance(worker, static_cast<long>(dice_.roll(provider.workers.size())));
        world_.note("worker " + worker->first + " is lost");
        if (dice_.percent(50))
            world_.backends.remove_worker(provider, worker->first);
        else if (worker->second.is_alive())
            world_.backends.end_worker(worker->second, 137);
    }

    void act() {
        switch (dice_.roll(10)) {
            case 0:
            case 1:
            case 2:
                return change_tool(any_tool());
            case 3:
            case 4:
                return world_.broker.publish(World::queue_of(any_tool()), dice_.roll(90));
            case 5:
                return lose_worker();
            case 6:
                return crash();
            case 7:
                any_provider().away = dice_.percent(50);
                return;
            case 8:
                world_.journal.full = dice_.percent(50);
                return;
            default:
                world_.broker.away = dice_.percent(50);
                return;
        }
    }

    void crash() {
        world_.kill();
        world_.run_for(Millis(dice_.roll(5'000)));
        world_.start();
    }

    void heal() {
        troubled_ = false;
        for (auto& [name, provider] : world_.backends.providers) provider.away = false;
        world_.journal.full = false;
        world_.broker.away = false;
        world_.broker.service_time = 500ms;  // a removal waits until its backlog is done
        world_.note("all is well");
    }

    /// A crash loop goes on for ever; only without one a world is silent in the end.
    void mend_images() {
        const auto desired = world_.store.current();
        for (const auto& held : desired->tools()) {
            if (held->entry.fields.at("image").as_string() == "good") continue;
            boost::json::object fields = held->entry.fields;
            fields["image"] = "good";
            world_.deploy(held->entry.key.tool, std::move(fields));
        }
    }

    Dice dice_;
    World world_;
    bool troubled_ = true;
};

}  // namespace

/// ELASTICITY_SIMULATION_SEED runs one world alone, ELASTICITY_SIMULATION_WORLDS so many of them.
TEST_CASE("random: whatever is asked and whatever fails, the rules hold and the world settles") {
    const bool one = std::getenv("ELASTICITY_SIMULATION_SEED") != nullptr;
    const std::uint64_t first = from_environment("ELASTICITY_SIMULATION_SEED", 1);
    const std::uint64_t worlds = one ? 1 : from_environment("ELASTICITY_SIMULATION_WORLDS", 8);
    for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
        try {
            Driver(seed).run();
        } catch (const std::exception& failure) {
            FAIL(failure.what() << "\nrun it again with ELASTICITY_SIMULATION_SEED=" << seed);
        }
    }
    SUCCEED(worlds << " worlds");
}
