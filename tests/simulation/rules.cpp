#include <algorithm>

#include "tests/simulation/world.hpp"

/// The rules that hold at every moment, whatever fails. What holds once a world has settled is in
/// settled.cpp.
namespace elasticity::simulation {

/// What was made by a call of a dead daemon was counted by nobody; what is late or has ended is being
/// replaced.
bool World::counts(const SimulatedWorker& worker) const {
    if (worker.made_late || !worker.is_alive()) return false;
    const bool booting = worker.worker.state == WorkerState::provisioning;
    return !booting || timeline.now() - worker.worker.created < Millis(60'000);
}

void World::check_create(const std::string& backend, const WorkerOrder& order) {
    note("create " + order.key + " on " + backend);
    if (!backends.providers.at(backend).listed)
        breach("a backend that was never listed is asked for its list only");
    if (!journal.holds_intent(order.key)) breach("nothing is created without a durable intent: " + order.key);
    for (const auto& [name, provider] : backends.providers)
        if (name != backend && provider.workers.contains(order.key))
            breach("one intent makes one worker: " + order.key + " is on " + name + " already");
}

/// A worker that never worked may go; one that may hold a message only by force.
void World::check_destroy(const std::string& backend, const std::string& key) {
    note("destroy " + key + " on " + backend);
    const Provider& provider = backends.providers.at(backend);
    if (!provider.listed) breach("a backend that was never listed is asked for its list only");
    const auto found = provider.workers.find(key);
    if (found == provider.workers.end() || found->second.worker.state != WorkerState::running) return;
    const SimulatedWorker& worker = found->second;
    const HeldTool* held = store.current()->find(worker.tool);
    if (!held) {
        if (taken_out_by_hand_.contains(worker.tool.tool)) return;  // tools.json changed a moment ago
        breach("workers of unknown tools are never touched: " + key);
    }
    if (held->entry.removal && held->entry.removal->force) return;
    const Reading reading = broker.known({worker.tool.target, worker.queue});
    if (reading.state == Reading::State::no_queue) return;
    if (reading.state != Reading::State::value)
        breach("a reading that is missing or stale ends no worker: " + key);
    if (reading.unacknowledged.value_or(1) > 0)
        breach("no worker is ended while messages are in work: " + key);
}

void World::check_workers() const {
    std::map<std::string, std::uint32_t> of_tool;
    for (const auto& [name, provider] : backends.providers) {
        std::uint32_t on_backend = 0;
        for (const auto& [key, worker] : provider.workers) {
            if (!counts(worker)) continue;
            ++of_tool[worker.tool.tool];
            ++on_backend;
        }
        const auto quota = options_.max_instances.find(name);
        if (quota != options_.max_instances.end() && on_backend > quota->second)
            breach("no backend gets more workers than its max_instances: " + std::to_string(on_backend) +
                   " on " + name);
    }
    for (const auto& [tool, alive] : of_tool) {
        const bool known = largest_max_.contains(tool) && !taken_out_by_hand_.contains(tool);
        if (known && alive > largest_max_.at(tool))
            breach("no tool gets more workers than its max_instances: " + std::to_string(alive) + " of " +
                   tool);
    }
}

void World::check_statuses() {
    for (; checked_statuses_ < journal.published.size(); ++checked_statuses_) {
        const auto& [tool, status, again] = journal.published[checked_statuses_];
        note("status " + tool.tool + " " + std::string(to_text(status.state)) + ": " + status.reason);
        const auto before = checked_.find(tool);
        if (before != checked_.end()) {
            if (status.generation < before->second.generation)
                breach("generations of statuses never decrease");
            if (!again && !is_news(before->second, status)) breach("no status is published without news: " + tool.tool);
        }
        checked_[tool] = status;
    }
}

}  // namespace elasticity::simulation
