#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <functional>

#include "core/plan/plan_tool.hpp"
#include "tests/unit/decision/worlds.hpp"

/// Every small world: up to three workers in every state and at both sides of each age, with every kind of
/// order or none, for every target.
using namespace elasticity;
using namespace elasticity::worlds;

namespace {

const std::vector<Worker>& possible_workers() {
    static const std::vector<Worker> workers = [] {
        std::vector<Worker> all;
        for (const WorkerState state : {WorkerState::unknown, WorkerState::provisioning, WorkerState::running,
                                        WorkerState::suspended, WorkerState::stopped, WorkerState::draining,
                                        WorkerState::deleting, WorkerState::failed})
            all.push_back(worker("", state, 10 * minute));
        // Only these are judged by their age: late or not, on trial or not.
        all.push_back(worker("", WorkerState::provisioning, second));
        all.push_back(worker("", WorkerState::running, second));
        return all;
    }();
    return workers;
}

std::vector<Intent> possible_intents() {
    const std::string key = "ordered";
    return {{key, "docker", noon}, {key, "docker", noon, true}, {key, "docker", noon, false, true},
            {key, "docker", noon, false, false, true}};
}

void for_every_crew(const std::function<void(const std::vector<Worker>&)>& check) {
    const std::vector<Worker>& all = possible_workers();
    std::vector<Worker> crew;
    const std::function<void(std::size_t)> add = [&](std::size_t from) {
        check(crew);
        if (crew.size() == 3) return;
        for (std::size_t i = from; i < all.size(); ++i) {
            crew.push_back(all[i]);
            crew.back().key = crew.back().id = "w" + std::to_string(crew.size());
            add(i);
            crew.pop_back();
        }
    };
    add(0);
}

void for_every_world(const Tool& tool, const Reading& reading, const std::function<void(const ToolView&)>& check) {
    for_every_crew([&](const std::vector<Worker>& crew) {
        ToolView world = view(tool, reading, crew);
        check(world);
        for (const Intent& intent : possible_intents()) {
            world.intents = {intent};
            check(world);
        }
    });
}

/// The world after everything in the plan has succeeded and the backend has listed its workers again.
ToolView carried_out(ToolView world, const ToolPlan& plan) {
    world.key_counter = plan.key_counter;
    world.memory = plan.size.memory;
    for (const Step& step : plan.steps) {
        const auto is_it = [&](const auto& each) { return each.key == step.key; };
        if (step.kind == StepKind::destroy) {
            std::erase_if(world.workers, [&](const ObservedWorker& each) { return each.worker.key == step.key; });
            std::erase_if(world.intents, is_it);
        } else if (step.kind == StepKind::create) {
            std::erase_if(world.intents, is_it);
            Worker made = worker(step.key, WorkerState::running, Millis(0));
            made.spec_hash = world.tool->spec_hash;
            world.workers.push_back({std::move(made), false});
        } else if (step.kind == StepKind::delete_queue) {
            world.queue_deleted = true;
        }
    }
    return world;
}

bool is_alive(const ObservedWorker& observed) {
    const Fate fate = fate_of(observed.worker, 5 * minute, noon);
    return fate == Fate::ready || fate == Fate::booting;
}

std::size_t count(const ToolPlan& plan, StepKind kind) {
    return static_cast<std::size_t>(std::count_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
        return step.kind == kind && !step.repeated;
    }));
}

Tool exact(std::uint32_t size) {
    Tool tool = ocr(size);
    tool.scaling.mode = ScalingMode::fixed;
    return tool;
}

}  // namespace

TEST_CASE("worlds: carrying a plan out leaves nothing more to do") {
    for (std::uint32_t target = 0; target <= 3; ++target) {
        const Tool tool = exact(target);
        for_every_world(tool, waiting(0), [&](const ToolView& world) {
            const ToolPlan plan = plan_tool(world, noon);
            const ToolPlan again = plan_tool(carried_out(world, plan), noon);
            if (again.steps.empty()) return;
            CAPTURE(target, to_text(plan), to_text(again));
            FAIL("something is left to do");
        });
    }
}

TEST_CASE("worlds: never more creates than wanted minus supply, and never more than the surplus let go") {
    for (std::uint32_t target = 0; target <= 3; ++target) {
        const Tool tool = exact(target);
        for_every_world(tool, waiting(0), [&](const ToolView& world) {
            const ToolPlan plan = plan_tool(world, noon);
            std::size_t victims = 0;
            for (const Step& step : plan.steps) victims += step.kind == StepKind::destroy && step.scales ? 1 : 0;
            const std::size_t missing = target > plan.supply ? target - plan.supply : 0;
            const std::size_t surplus = plan.supply > target ? plan.supply - target : 0;
            if (count(plan, StepKind::create) == missing && victims <= surplus) return;
            CAPTURE(target, plan.supply, to_text(plan));
            FAIL("too many");
        });
    }
}

TEST_CASE("worlds: nobody alive is destroyed while messages are in work or nobody can tell") {
    for (const Reading& reading : {waiting(0, 1), waiting_unseen(0), unread(), unread(Reading::State::suspect)})
        for (const bool going : {false, true}) {
            Tool tool = exact(0);
            if (going) tool.removal = Removal{};
            for_every_world(tool, reading, [&](const ToolView& world) {
                for (const Step& step : plan_tool(world, noon).steps)
                    for (const ObservedWorker& observed : world.workers)
                        if (step.key == observed.worker.key && is_alive(observed)) FAIL("a victim: " << step.key);
            });
        }
}

TEST_CASE("worlds: a removal ends in being forgotten, and only when nothing is left") {
    Tool tool = exact(2);
    tool.removal = Removal{DeleteQueue::if_empty, false};
    for_every_world(tool, waiting(0), [&](ToolView world) {
        for (int pass = 0; pass < 4; ++pass) {
            const ToolPlan plan = plan_tool(world, noon);
            if (count(plan, StepKind::forget) == 1) {
                if (!world.workers.empty() || !world.intents.empty()) FAIL("forgotten too early: " << to_text(plan));
                return;
            }
            world = carried_out(world, plan);
            // What leaves is gone with the next list, which also settles every order.
            std::erase_if(world.workers, [](const ObservedWorker& each) { return each.worker.state == WorkerState::deleting; });
            world.intents.clear();
        }
        FAIL("never forgotten");
    });
}

TEST_CASE("worlds: a world that is paused or not listed is left alone, and a plan repeats itself exactly") {
    Tool paused = exact(2);
    paused.paused = true;
    for_every_world(paused, waiting(0), [](ToolView world) {
        if (!plan_tool(world, noon).steps.empty()) FAIL("paused, but acts");
        const Tool active = exact(2);
        world.tool = &active;
        if (to_text(plan_tool(world, noon)) != to_text(plan_tool(world, noon))) FAIL("not the same twice");
        world.backends[0].listed = false;
        if (!plan_tool(world, noon).steps.empty()) FAIL("not listed, but acts");
    });
}

TEST_CASE("worlds: after a failure at most one is created at a time") {
    const Tool tool = exact(3);
    for_every_world(tool, waiting(0), [](ToolView world) {
        world.breakers["docker"] = {1, noon, {"x", "", "why"}};
        const ToolPlan plan = plan_tool(world, noon);
        if (count(plan, StepKind::create) > 1) FAIL("more than one: " << to_text(plan));
    });
}
