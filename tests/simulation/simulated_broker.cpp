#include "tests/simulation/simulated_broker.hpp"

#include <algorithm>

namespace elasticity::simulation {

SimulatedBroker::SimulatedBroker(Timeline& timeline, Daemon& daemon, SimulatedBackends& backends)
    : timeline_(timeline), daemon_(daemon), backends_(backends) {
    backends.message_released = [this](const SimulatedWorker& worker) {
        const auto queue = queues.find({worker.tool.target, worker.queue});
        if (queue != queues.end()) ++queue->second.ready;
    };
}

void SimulatedBroker::unwatch(const std::string& target_id, const std::string& queue) {
    watched_.erase({target_id, queue});
    known_.erase({target_id, queue});
}

void SimulatedBroker::create_queue(const Tool& tool, CallToken token) {
    ++queue_calls;
    timeline_.after(Millis(50), [this, name = Name(tool.key.target, tool.queue), token, life = daemon_.life] {
        if (!away) queues.try_emplace(name);
        if (!daemon_.lives(life)) return;
        if (away)
            daemon_.loop->on_queue_done(token, Error{ErrorKind::unavailable, "simulated: broker is away"});
        else
            daemon_.loop->on_queue_done(token, {});
    });
}

void SimulatedBroker::delete_queue(const Tool& tool, CallToken token) {
    ++queue_calls;
    timeline_.after(Millis(50), [this, name = Name(tool.key.target, tool.queue), token, life = daemon_.life] {
        if (!away) queues.erase(name);
        if (!daemon_.lives(life)) return;
        if (away)
            daemon_.loop->on_queue_done(token, Error{ErrorKind::unavailable, "simulated: broker is away"});
        else
            daemon_.loop->on_queue_done(token, {});
    });
}

void SimulatedBroker::publish(const Name& name, std::uint64_t messages) {
    const auto queue = queues.find(name);
    if (queue == queues.end()) return;
    queue->second.ready += messages;
    queue->second.published += messages;
}

std::vector<SimulatedWorker*> SimulatedBroker::consumers(const Name& name) const {
    std::vector<SimulatedWorker*> found;
    for (auto& [backend, provider] : backends_.providers)
        for (auto& [key, worker] : provider.workers)
            if (worker.consumes() && worker.tool.target == name.first && worker.queue == name.second)
                found.push_back(&worker);
    return found;
}

std::uint64_t SimulatedBroker::in_work(const Name& name) const {
    const auto workers = consumers(name);
    return static_cast<std::uint64_t>(std::count_if(
        workers.begin(), workers.end(), [](const auto* worker) { return worker->holds_message; }));
}

/// Extractors declare their queue themselves.
void SimulatedBroker::work() {
    for (auto& [backend, provider] : backends_.providers)
        for (auto& [key, worker] : provider.workers) {
            if (!worker.consumes() || away) continue;
            Queue& queue = queues[{worker.tool.target, worker.queue}];
            if (worker.holds_message && worker.busy_until <= timeline_.now()) {
                worker.holds_message = false;
                ++queue.done;
            }
            if (worker.holds_message || queue.ready == 0) continue;
            --queue.ready;
            worker.holds_message = true;
            worker.busy_until = timeline_.now() + job_time();
        }
}

Reading SimulatedBroker::read(const Name& name) const {
    Reading reading;
    reading.at = timeline_.now();
    if (away || !queues.contains(name)) {
        reading.state = away ? Reading::State::missing : Reading::State::no_queue;
        if (away) reading.reason = "simulated: broker is away";
        return reading;
    }
    reading.state = Reading::State::value;
    reading.ready = queues.at(name).ready;
    reading.consumers = static_cast<std::uint32_t>(consumers(name).size());
    if (has_management) reading.unacknowledged = in_work(name);
    const auto watched = watched_.find(name);
    if (has_management && watched != watched_.end() && watched->second)
        if (const auto counted = statistics_.find(name); counted != statistics_.end()) {
            reading.counters = counted->second;
            reading.counters->at = timeline_.now();  // the request is, what it is told is not
        }
    return reading;
}

/// Every five seconds, as a real broker does.
void SimulatedBroker::renew_statistics() {
    if (timeline_.now().time_since_epoch() % Millis(5'000) != Millis(0)) return;
    for (const auto& [name, queue] : queues) statistics_[name] = {queue.done, queue.published, {}};
}

void SimulatedBroker::tick() {
    work();
    renew_statistics();
    if (!daemon_.loop) return;
    std::map<std::string, std::vector<std::pair<std::string, Reading>>> by_target;
    for (const auto& [name, with_counters] : watched_) {
        Reading reading = read(name);
        if (reading_lost()) {
            reading.state = Reading::State::stale;
            reading.reason = "simulated: too old";
        }
        by_target[name.first].emplace_back(name.second, std::move(reading));
    }
    for (const auto& [target, readings] : by_target)
        timeline_.after(reading_delay(), [this, target, readings, life = daemon_.life] {
            if (!daemon_.lives(life)) return;
            for (const auto& [queue, reading] : readings)
                if (watched_.contains({target, queue})) known_[{target, queue}] = reading;
            daemon_.loop->on_readings(target, readings);
        });
}

void SimulatedBroker::daemon_was_killed() {
    watched_.clear();
    known_.clear();
}

Reading SimulatedBroker::known(const Name& name) const {
    const auto hit = known_.find(name);
    return hit == known_.end() ? Reading{} : hit->second;
}

}  // namespace elasticity::simulation
