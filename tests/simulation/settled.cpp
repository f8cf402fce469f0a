#include "tests/simulation/settled.hpp"

#include <algorithm>

namespace elasticity::simulation {
namespace {

/// Whether the tool's image works, and no worker of an earlier one is left: those are not replaced.
bool should_work(const World& world, const ToolEntry& entry) {
    bool good = entry.fields.at("image").as_string() == "good";
    for (const auto& [name, provider] : world.backends.providers)
        for (const auto& [key, worker] : provider.workers)
            good = good && (worker.tool != entry.key || worker.image == "good");
    return good;
}

/// What the loop thinks of the tool now, which its last status need not say.
std::string plan_of(const World& world, const std::string& name) {
    const boost::json::object described = world.daemon.loop->describe();
    for (const boost::json::value& tool : described.at("tools").as_array())
        if (tool.at("tool").as_string() == name) return boost::json::serialize(tool);
    return "";
}

void check_size(const World& world, const Tool& tool) {
    const std::size_t alive = world.workers_of(tool.key.tool);
    const std::string seen = tool.key.tool + " has " + std::to_string(alive) + " workers";
    if (alive < tool.min_instances) world.breach(seen + ", fewer than its minimum");
    if (world.waiting(tool.key.tool) > 0 && alive > 0) world.breach(seen + " and messages that nobody takes");
    // Without the management API nobody can see who works, so that nobody is let go.
    if (!world.broker.has_management) return;
    if (alive > tool.max_instances) world.breach(seen + ", more than its maximum");
    if (world.waiting(tool.key.tool) == 0 && alive != tool.min_instances)
        world.breach(seen + " and no demand, but its minimum is " + std::to_string(tool.min_instances));
}

void check_tool(const World& world, const ToolEntry& entry) {
    const std::string& name = entry.key.tool;
    const std::string state = world.state_of(name);
    if (entry.removal) world.breach(name + " was never removed: " + plan_of(world, name));
    if (entry.paused) {
        if (state != "paused") world.breach(name + " is paused, its status says " + state);
        return;
    }
    const bool final = state == "running" || state == "degraded" || state == "failed";
    if (!final) world.breach(name + " never got a final status: \"" + state + "\" " + world.reason_of(name));
    if (world.journal.last_status(entry.key)->generation != entry.generation)
        world.breach("the last deploy of " + name + " was never answered");
    if (!should_work(world, entry)) return;
    if (state != "running")
        world.breach(name + " works, its status says " + state + ": " + world.reason_of(name));
    check_size(world, make_tool(entry, {}));
}

std::size_t calls_but_lists(const World& world) {
    std::size_t calls = world.journal.commits + world.journal.published.size() + world.broker.queue_calls;
    for (const auto& [name, provider] : world.backends.providers)
        calls += provider.creates + provider.destroys;
    return calls;
}

}  // namespace

void check_settled(const World& world) {
    for (const auto& held : world.store.current()->tools()) check_tool(world, held->entry);
    for (const auto& [name, provider] : world.backends.providers)
        for (const auto& [key, worker] : provider.workers)
            if (!world.entry_of(worker.tool.tool))
                world.breach("nobody is left over: " + key + " of " + worker.tool.tool);
}

void check_silent(World& world) {
    for (const auto& [tool, intent] : world.journal.recovered().intents) {
        const ToolEntry* entry = world.entry_of(tool.tool);
        if (!entry || !entry->paused) world.breach("every intent is closed in the end: " + intent.key);
    }
    const std::size_t before = calls_but_lists(world);
    world.run_for(Millis(300'000));
    if (const std::size_t calls = calls_but_lists(world) - before; calls > 0)
        world.breach("a settled world is silent: " + std::to_string(calls) + " calls");
}

}  // namespace elasticity::simulation
