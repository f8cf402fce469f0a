#include "core/runtime/observed_workers.hpp"

#include <algorithm>

namespace elasticity {
namespace {

bool is_dead(const Worker& worker) {
    return worker.state == WorkerState::stopped || worker.state == WorkerState::failed;
}

bool same_situation(const Worker& a, const Worker& b) {
    return a.state == b.state && a.id == b.id && a.spec_hash == b.spec_hash && a.exit_code == b.exit_code &&
           a.address == b.address && a.created == b.created;
}

}  // namespace

ObservedWorkers::ListChanges ObservedWorkers::apply_list(const std::string& backend, std::uint64_t began,
                                                         std::vector<Worker> workers) {
    ListChanges changes;
    std::unordered_set<std::string> seen_keys;
    seen_keys.reserve(workers.size());
    for (Worker& worker : workers) {
        worker.backend = backend;
        const auto tool = parse_label(worker.tool_label);
        if (!tool) {
            changes.strays.push_back(std::move(worker));
            continue;
        }
        seen_keys.insert(worker.key);
        see(*tool, std::move(worker), began, changes);
    }
    drop_vanished(backend, began, seen_keys, changes);
    std::erase_if(erased_[backend],
                  [&](const auto& item) { return item.second < began && !seen_keys.contains(item.first); });
    return changes;
}

void ObservedWorkers::see(const ToolKey& tool, Worker worker, std::uint64_t began, ListChanges& changes) {
    const auto& gone = erased_[worker.backend];
    const auto erased = gone.find(worker.key);
    if (erased != gone.end() && erased->second > began) return;
    Record* known = find(tool, worker.key);
    if (known && known->changed > began) return;
    // Each look at one that boots may find it late.
    if (worker.state == WorkerState::provisioning) changes.touched.push_back(tool);
    if (known && same_situation(known->worker, worker)) return;
    const bool newly_dead = is_dead(worker) && (!known || !is_dead(known->worker));
    const bool was_booting = known && known->worker.state == WorkerState::provisioning;
    if (was_booting && worker.state == WorkerState::running) changes.booted.push_back(worker);
    if (newly_dead) changes.ended.push_back(worker);
    changes.touched.push_back(tool);
    by_backend_[worker.backend][worker.key] = tool;
    if (known)
        known->worker = std::move(worker);
    else
        tools_[tool][worker.key].worker = std::move(worker);
}

void ObservedWorkers::drop_vanished(const std::string& backend, std::uint64_t began,
                                    const std::unordered_set<std::string>& seen_keys, ListChanges& changes) {
    std::vector<std::pair<std::string, ToolKey>> vanished;
    for (const auto& [key, tool] : by_backend_[backend])
        if (!seen_keys.contains(key) && find(tool, key)->changed < began) vanished.emplace_back(key, tool);
    for (const auto& [key, tool] : vanished) {
        const Record& record = *find(tool, key);
        if (!record.in_flight && !is_dead(record.worker)) {
            changes.ended.push_back(record.worker);
            changes.ended.back().error = "it vanished from its backend";
        }
        changes.touched.push_back(tool);
        erase(tool, backend, key);
    }
}

void ObservedWorkers::put(const ToolKey& tool, Worker worker) {
    const std::string key = worker.key;
    by_backend_[worker.backend][key] = tool;
    erased_[worker.backend].erase(key);
    Record& record = tools_[tool][key];
    record.worker = std::move(worker);
    record.changed = next_change();
}

void ObservedWorkers::erase(const ToolKey& tool, const std::string& backend, const std::string& key) {
    erased_[backend][key] = next_change();
    const auto records = tools_.find(tool);
    if (records == tools_.end()) return;
    const auto record = records->second.find(key);
    if (record == records->second.end()) return;
    by_backend_[record->second.worker.backend].erase(key);
    records->second.erase(record);
    if (records->second.empty()) tools_.erase(records);
}

ObservedWorkers::Record* ObservedWorkers::find(const ToolKey& tool, const std::string& key) {
    const auto records = tools_.find(tool);
    if (records == tools_.end()) return nullptr;
    const auto record = records->second.find(key);
    return record == records->second.end() ? nullptr : &record->second;
}

const ObservedWorkers::Records& ObservedWorkers::of(const ToolKey& tool) const {
    static const Records none;
    const auto records = tools_.find(tool);
    return records == tools_.end() ? none : records->second;
}

std::size_t ObservedWorkers::count_on(const std::string& backend) const {
    const auto hit = by_backend_.find(backend);
    return hit == by_backend_.end() ? 0 : hit->second.size();
}

}  // namespace elasticity
