#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <set>
#include <tuple>

#include "core/plugin_host/upgrade/upgrade_machine.hpp"
#include "core/plugin_host/upgrade/upgrade_rules.hpp"

using namespace elasticity;

namespace {

/// What the actions make of the generations, told by the rules of the contract alone.
struct World {
    UpgradePhase phase = UpgradePhase::idle;
    bool new_exists = false;     // From the activation on.
    bool new_serves = false;
    bool standby_exists = false; // The old one, beside the new one that serves.
    bool old_active = true;
    bool compared = false;

    auto operator<=>(const World&) const = default;
};

/// False where the action may not be done in this world.
bool act(World& world, UpgradeAction action) {
    switch (action) {
        case UpgradeAction::verify:
        case UpgradeAction::stage:
        case UpgradeAction::probe: return !world.new_exists && !world.standby_exists;
        case UpgradeAction::activate:
            world.new_exists = true;
            return !world.standby_exists;
        case UpgradeAction::compare:
            world.compared = true;
            return world.new_exists && !world.new_serves;
        case UpgradeAction::swap:
            if (!world.new_exists || world.new_serves || !world.compared) return false;
            world.new_serves = world.standby_exists = true;
            return true;
        case UpgradeAction::swap_back:
            if (!world.new_serves || !world.old_active) return false;
            world.new_serves = false;
            return true;
        case UpgradeAction::quiesce_old:
            world.old_active = false;
            return world.new_serves && world.standby_exists;
        case UpgradeAction::activate_old:
            world.old_active = true;
            return world.standby_exists;
        case UpgradeAction::close_old:
            // The new one is the old one of whatever comes next.
            if (!world.new_serves || !world.standby_exists) return false;
            world = {world.phase};
            return true;
        case UpgradeAction::close_new:
            if (world.new_serves) return false;
            world = {world.phase};
            return true;
    }
    return false;
}

/// Every world that can be reached, with every event that came to it.
template <class Visit>
void explore(Visit visit) {
    std::set<World> seen{World{}};
    std::deque<World> open{World{}};
    for (; !open.empty(); open.pop_front()) {
        for (int number = 0; number < upgrade_events; ++number) {
            for (const bool force : {false, true}) {
                const auto event = static_cast<UpgradeEvent>(number);
                const UpgradeMove move = next_move(open.front().phase, event, force);
                World next = open.front();
                next.phase = move.phase;
                bool allowed = true;
                for (const UpgradeAction action : move.actions) allowed = act(next, action) && allowed;
                visit(open.front(), event, force, move, next, allowed);
                if (seen.insert(next).second) open.push_back(next);
            }
        }
    }
}

bool contains(const UpgradeMove& move, UpgradeAction action) {
    return std::find(move.actions.begin(), move.actions.end(), action) != move.actions.end();
}

sdk::HostInstance worker(const std::string& key, const std::string& id = "1") {
    sdk::HostInstance instance;
    instance.key = key;
    instance.id = id;
    instance.state = sdk::HostState::running;
    return instance;
}

HealthReading health(std::size_t answered, std::size_t failed) { return {0, answered, failed, "boom", ""}; }

}  // namespace

TEST_CASE("upgrade: whatever happens, each action finds the generations that it needs") {
    std::size_t moves = 0;
    explore([&](const World& from, UpgradeEvent event, bool force, const UpgradeMove&, const World&, bool allowed) {
        ++moves;
        INFO(to_text(from.phase) << ", event " << static_cast<int>(event) << (force ? ", forced" : ""));
        CHECK(allowed);
    });
    CHECK(moves >= static_cast<std::size_t>(upgrade_phases * upgrade_events * 2));
}

TEST_CASE("upgrade: every phase can be reached, and every one leads back to idle") {
    std::set<UpgradePhase> reached;
    std::set<std::pair<UpgradePhase, UpgradePhase>> steps;
    explore([&](const World& from, UpgradeEvent, bool, const UpgradeMove& move, const World&, bool) {
        reached.insert(from.phase);
        steps.emplace(from.phase, move.phase);
    });
    CHECK(reached.size() == upgrade_phases);
    std::set<UpgradePhase> ends{UpgradePhase::idle};
    for (bool grew = true; grew;) {
        grew = false;
        for (const auto& [from, to] : steps) grew = (ends.contains(to) && ends.insert(from).second) || grew;
    }
    CHECK(ends.size() == upgrade_phases);
}

TEST_CASE("upgrade: nothing is left of an upgrade that is over") {
    explore([&](const World&, UpgradeEvent, bool, const UpgradeMove& move, const World& next, bool) {
        if (move.phase == UpgradePhase::idle) CHECK(next == World{});
    });
}

TEST_CASE("upgrade: a refusal never touches the generation that serves") {
    explore([&](const World& from, UpgradeEvent, bool, const UpgradeMove& move, const World&, bool) {
        if (move.outcome != UpgradeOutcome::refused) return;
        CHECK(!from.new_serves);
        CHECK(move.actions == std::vector<UpgradeAction>{UpgradeAction::close_new});
    });
}

TEST_CASE("upgrade: workers that are missing block it, unless it is forced") {
    CHECK(next_move(UpgradePhase::comparing, UpgradeEvent::workers_missing, false).outcome == UpgradeOutcome::refused);
    CHECK(contains(next_move(UpgradePhase::comparing, UpgradeEvent::workers_missing, true), UpgradeAction::swap));
    CHECK(next_move(UpgradePhase::comparing, UpgradeEvent::failed, true).outcome == UpgradeOutcome::refused);
}

TEST_CASE("upgrade: a new generation that fails while it is watched is taken back") {
    explore([&](const World& from, UpgradeEvent event, bool force, const UpgradeMove& move, const World&, bool) {
        if (event != UpgradeEvent::new_fails || !from.new_serves || move.phase == from.phase) return;
        UpgradeMove after = move;
        if (after.phase == UpgradePhase::reactivating) after = next_move(after.phase, UpgradeEvent::done, force);
        CHECK(contains(after, UpgradeAction::swap_back));
        CHECK(next_move(after.phase, UpgradeEvent::drained, force).outcome == UpgradeOutcome::rolled_back);
    });
}

TEST_CASE("upgrade: the next one gives up the old generation of the one before, and only that") {
    const UpgradeMove move = next_move(UpgradePhase::watching, UpgradeEvent::requested, false);
    CHECK(move.phase == UpgradePhase::verifying);
    CHECK(move.actions == std::vector<UpgradeAction>{UpgradeAction::close_old, UpgradeAction::verify});
    for (const UpgradePhase busy : {UpgradePhase::probing, UpgradePhase::draining, UpgradePhase::returning})
        CHECK(next_move(busy, UpgradeEvent::requested, true).actions.empty());
}

TEST_CASE("upgrade: a worker is missing where the old generation found it before and after, and the new one does not") {
    const Instances both{worker("a"), worker("b")};
    CHECK(missing_workers(both, both, both).empty());
    CHECK(missing_workers(both, {worker("a")}, both) == std::vector<std::string>{"b"});
    CHECK(missing_workers(both, {worker("a"), worker("b", "2")}, both) == std::vector<std::string>{"b"});
    CHECK(missing_workers({worker("a")}, {worker("a")}, both).empty());  // b was made meanwhile
    CHECK(missing_workers(both, {worker("a")}, {worker("a")}).empty());  // b ended meanwhile
    CHECK(missing_workers({}, both, both).empty());
    Instances gone = both;
    gone[1].state = sdk::HostState::gone;
    CHECK(missing_workers(gone, {worker("a")}, gone).empty());
}

TEST_CASE("upgrade: a generation is unfit where its process was lost, or where most calls fail, and more than two") {
    CHECK(unfitness(health(0, 0)).empty());
    CHECK(unfitness(health(2, 2)).empty());
    CHECK(unfitness(health(3, 3)) == "3 of 3 calls failed, the first with: boom");
    CHECK(unfitness(health(6, 3)).empty());
    CHECK(unfitness(health(5, 3)) == "3 of 5 calls failed, the first with: boom");
    HealthReading lost;
    lost.lost = "the plugin's process is lost";
    CHECK(unfitness(lost) == "the plugin's process is lost");
}
