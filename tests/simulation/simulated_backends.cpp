#include "tests/simulation/simulated_backends.hpp"

#include <boost/json.hpp>

namespace elasticity::simulation {
namespace {

CallError error_of(CallFate fate, const std::string& code) {
    CallError error;
    error.finding = {code, "", "simulated: " + code};
    error.backend_unavailable = fate == CallFate::unavailable;
    error.maybe_done = fate == CallFate::lost_done || fate == CallFate::lost_undone;
    return error;
}

bool has_effect(CallFate fate) {
    return fate == CallFate::done || fate == CallFate::lost_done;
}

std::string image_of(const Tool& tool) {
    const boost::json::value* image = tool.params.if_contains("image");
    return image ? std::string(image->as_string()) : "";
}

}  // namespace

/// A call takes effect somewhere between its beginning and its answer.
SimulatedBackends::Moment SimulatedBackends::moment() {
    const Millis effect = latency();
    return {daemon_.life, effect, effect + latency()};
}

CallFate SimulatedBackends::fate_now(const std::string& backend) {
    return providers[backend].away ? CallFate::unavailable : fate(backend);
}

void SimulatedBackends::list(const std::string& backend, CallToken token) {
    const Moment when = moment();
    timeline_.after(when.effect, [=, this] {
        const CallFate verdict = fate_now(backend);
        std::vector<Worker> seen;
        for (const auto& [key, worker] : providers[backend].workers) seen.push_back(worker.worker);
        timeline_.after(when.answer - when.effect, [=, this] {
            if (!daemon_.lives(when.life)) return;
            Provider& provider = providers[backend];
            ++provider.lists;
            if (verdict == CallFate::unavailable) {
                ++provider.failed_lists;
                return daemon_.loop->on_listed(token,
                                               Error{ErrorKind::unavailable, "simulated: does not answer"});
            }
            provider.listed = true;
            daemon_.loop->on_listed(token, seen);
        });
    });
}

void SimulatedBackends::create(const std::string& backend, const WorkerOrder& order, CallToken token) {
    if (before_create) before_create(backend, order);
    ++providers[backend].creates;
    const Moment when = moment();
    timeline_.after(when.effect, [=, this] {
        CallFate verdict = fate_now(backend);
        const bool missing = image_of(order.tool) == "missing";
        if (missing && has_effect(verdict)) verdict = CallFate::refused;
        if (has_effect(verdict) && takes_effect(when.life)) make(backend, order, !daemon_.lives(when.life));
        const Provider& provider = providers[backend];
        const auto made = provider.workers.find(order.key);
        const Worker worker = made == provider.workers.end() ? Worker{} : made->second.worker;
        timeline_.after(when.answer - when.effect, [=, this] {
            if (!daemon_.lives(when.life)) return;
            if (verdict == CallFate::done)
                daemon_.loop->on_created(token, worker);
            else
                daemon_.loop->on_created(token,
                                         error_of(verdict, missing ? "image_not_found" : "create_failed"));
        });
    });
}

/// The same key makes no second worker.
void SimulatedBackends::make(const std::string& backend, const WorkerOrder& order, bool late) {
    auto [slot, is_new] = providers[backend].workers.try_emplace(order.key);
    if (!is_new) return;
    SimulatedWorker& made = slot->second;
    made.tool = order.tool.key;
    made.queue = order.tool.queue;
    made.image = image_of(order.tool);
    made.made_late = late;
    made.worker.backend = backend;
    made.worker.key = order.key;
    made.worker.id = "id-" + std::to_string(++last_id_);
    made.worker.tool_label = to_label(order.tool.key);
    made.worker.state = WorkerState::provisioning;
    made.worker.spec_hash = order.tool.spec_hash;
    made.worker.created = made.worker.state_since = timeline_.now();
}

void SimulatedBackends::destroy(const std::string& backend, const std::string& key, const std::string&,
                                CallToken token) {
    if (before_destroy) before_destroy(backend, key);
    ++providers[backend].destroys;
    const Moment when = moment();
    timeline_.after(when.effect, [=, this] {
        const CallFate verdict = fate_now(backend);
        if (has_effect(verdict) && takes_effect(when.life)) remove_worker(providers[backend], key);
        timeline_.after(when.answer - when.effect, [=, this] {
            if (!daemon_.lives(when.life)) return;
            if (verdict == CallFate::done)
                daemon_.loop->on_destroyed(token, {});
            else
                daemon_.loop->on_destroyed(token, error_of(verdict, "destroy_failed"));
        });
    });
}

void SimulatedBackends::release(SimulatedWorker& worker) {
    if (worker.holds_message && message_released) message_released(worker);
    worker.holds_message = false;
}

void SimulatedBackends::remove_worker(Provider& provider, const std::string& key) {
    const auto worker = provider.workers.find(key);
    if (worker == provider.workers.end()) return;
    release(worker->second);
    provider.workers.erase(worker);
}

void SimulatedBackends::end_worker(SimulatedWorker& worker, std::int32_t exit_code) {
    release(worker);
    worker.worker.state = WorkerState::stopped;
    worker.worker.state_since = timeline_.now();
    worker.worker.exit_code = exit_code;
}

void SimulatedBackends::tick() {
    for (auto& [name, provider] : providers)
        for (auto& [key, each] : provider.workers) {
            const Millis age = timeline_.now() - each.worker.created;
            const bool booted =
                each.image != "hang" && age >= (each.image == "slow" ? Millis(55'000) : boot_time);
            if (each.worker.state == WorkerState::provisioning && booted) {
                each.worker.state = WorkerState::running;
                each.worker.state_since = timeline_.now();
            }
            if (each.worker.state != WorkerState::running) continue;
            if (each.image == "crash" && age >= boot_time + Millis(1'000)) end_worker(each, 1);
            if (each.image == "exits" && age >= boot_time + Millis(5'000)) end_worker(each, 0);
        }
}

void SimulatedBackends::daemon_was_killed() {
    for (auto& [name, provider] : providers) provider.listed = false;
}

}  // namespace elasticity::simulation
