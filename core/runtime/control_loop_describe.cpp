#include <boost/json.hpp>

#include "core/runtime/control_loop.hpp"
#include "core/runtime/loop_records.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

std::string_view to_text(WorkerState state) {
    switch (state) {
        case WorkerState::unknown:
            return "unknown";
        case WorkerState::provisioning:
            return "provisioning";
        case WorkerState::running:
            return "running";
        case WorkerState::suspended:
            return "suspended";
        case WorkerState::stopped:
            return "stopped";
        case WorkerState::draining:
            return "draining";
        case WorkerState::deleting:
            return "deleting";
        case WorkerState::failed:
            return "failed";
    }
    __builtin_unreachable();
}

json::object to_json(const Worker& worker) {
    return {{"key", worker.key},
            {"backend", worker.backend},
            {"id", worker.id},
            {"address", worker.address},
            {"state", to_text(worker.state)},
            {"created",
             worker.created == TimePoint{} ? json::value(nullptr) : json::value(to_rfc3339(worker.created))},
            {"error", worker.error}};
}

json::object to_json(const Reading& reading) {
    switch (reading.state) {
        case Reading::State::missing:
            return {{"state", "missing"}, {"reason", reading.reason}};
        case Reading::State::stale:
            return {{"state", "stale"}, {"reason", reading.reason}};
        case Reading::State::suspect:
            return {{"state", "suspect"}, {"reason", reading.reason}};
        case Reading::State::no_queue:
            return {{"state", "no_queue"}};
        case Reading::State::value:
            break;
    }
    return {{"state", "value"},
            {"ready", reading.ready},
            {"unacknowledged",
             reading.unacknowledged ? json::value(*reading.unacknowledged) : json::value(nullptr)},
            {"consumers", reading.consumers}};
}

}  // namespace

json::object ControlLoop::describe() const {
    json::array tools;
    for (const auto& [key, record] : tools_) {
        json::array instances;
        for (const auto& [worker_key, worker] : workers_.of(key)) instances.push_back(to_json(worker.worker));
        const auto url = settings_.target_urls.find(key.target);
        tools.push_back(
            {{"tool", key.tool},
             {"target", url == settings_.target_urls.end() ? key.target : url->second},
             {"kind", record->tool.kind},
             {"queue", record->tool.queue},
             {"state", record->last_status ? elasticity::to_text(record->last_status->state) : "deploying"},
             {"min_instances", record->tool.min_instances},
             {"max_instances", record->tool.max_instances},
             {"target_instances", record->target},
             {"ordered", record->intents.size()},
             {"reading", to_json(record->reading)},
             {"reason", record->last_plan},
             {"instances", std::move(instances)}});
    }
    json::array backends;
    for (const auto& [name, backend] : backends_) {
        json::array strays;
        for (const Worker& worker : backend.strays) strays.push_back(to_json(worker));
        backends.push_back({{"backend", name},
                            {"listed", backend.listed},
                            {"trouble", backend.trouble},
                            {"instances", workers_.count_on(name)},
                            {"strays", std::move(strays)}});
    }
    json::array unknown;
    for (const auto& [key, records] : workers_.all())
        if (!tools_.contains(key))
            for (const auto& [worker_key, worker] : records) {
                json::object item = to_json(worker.worker);
                item["tool"] = key.tool;
                item["target"] = key.target;
                unknown.push_back(std::move(item));
            }
    return {{"generation", desired_ ? desired_->generation : 0},
            {"tools", std::move(tools)},
            {"backends", std::move(backends)},
            {"workers_of_unknown_tools", std::move(unknown)},
            {"journal_trouble", journal_trouble_}};
}

}  // namespace elasticity
