#include "tests/simulation/simulated_store.hpp"

#include <algorithm>

namespace elasticity::simulation {

void SimulatedStore::commit(DesiredState next) {
    ++next.generation;
    current_ = std::make_shared<DesiredState>(std::move(next));
    timeline_.after(Millis(20), [this, told = current_, life = daemon_.life] {
        if (daemon_.lives(life)) daemon_.loop->on_desired(told);
    });
}

void SimulatedStore::put(ToolEntry entry) {
    DesiredState next = *current_;
    entry.generation = next.generation + 1;
    next.put(std::move(entry));
    commit(std::move(next));
}

void SimulatedStore::erase(const ToolKey& key) {
    DesiredState next = *current_;
    next.erase(key);
    commit(std::move(next));
}

void SimulatedStore::forget(const ToolKey& key) {
    timeline_.after(Millis(20), [this, key, life = daemon_.life] {
        if (!daemon_.lives(life)) return;
        const HeldTool* held = current_->find(key);
        if (held && held->entry.removal) erase(key);
    });
}

/// Writes become durable one after the other.
void SimulatedJournal::write(Write durable, std::function<void()> answer) {
    const std::uint64_t number = ++last_write_;
    waiting_.emplace(number, std::move(durable));
    last_durable_ = std::max(last_durable_, timeline_.now() + latency());
    timeline_.after(last_durable_ - timeline_.now(), [this, number, answer, life = daemon_.life] {
        const auto next = waiting_.find(number);
        if (next == waiting_.end()) return;
        const Write make_durable = std::move(next->second);
        waiting_.erase(next);
        make_durable();
        if (daemon_.lives(life)) answer();
    });
}

void SimulatedJournal::commit(JournalEntry entry, CallToken token) {
    ++commits;
    largest_entry = std::max(largest_entry, entry.memories.size());
    const auto refused = std::make_shared<bool>(false);
    write(
        [this, entry = std::move(entry), refused] {
            *refused = full;
            if (!full) apply(entry);
        },
        [this, token, refused] {
            if (*refused)
                daemon_.loop->on_journaled(token, Error{ErrorKind::exhausted, "simulated: disk full"});
            else
                daemon_.loop->on_journaled(token, {});
        });
}

void SimulatedJournal::apply(const JournalEntry& entry) {
    for (const auto& opened : entry.opened) intents_[opened.intent.key] = {opened.tool, opened.intent};
    for (auto& [key, open] : intents_) open.intent.in_flight = false;
    for (const std::string& key : entry.accepted_keys)
        if (const auto open = intents_.find(key); open != intents_.end()) open->second.intent.accepted = true;
    for (const std::string& key : entry.closed_keys) intents_.erase(key);
    for (const auto& memory : entry.memories) memories_[memory.tool] = memory;
    for (const ToolKey& tool : entry.forgotten) {
        memories_.erase(tool);
        statuses_.erase(tool);
    }
}

void SimulatedJournal::publish(const ToolKey& key, const Status& status) {
    const auto refused = std::make_shared<bool>(false);
    write(
        [this, key, status, refused] {
            *refused = full;
            if (full) {
                refused_.insert(key);
                return;
            }
            statuses_[key] = status;
            published.push_back({key, status, refused_.erase(key) > 0});
        },
        [this, key, refused] {
            if (!*refused) return;
            ++refused_statuses;
            daemon_.loop->on_status_lost(key);
        });
}

void SimulatedJournal::daemon_was_killed() {
    while (!waiting_.empty() && survives_kill()) {
        waiting_.begin()->second();
        waiting_.erase(waiting_.begin());
    }
    waiting_.clear();
}

Recovered SimulatedJournal::recovered() const {
    Recovered found;
    for (const auto& [key, open] : intents_) found.intents.push_back(open);
    for (const auto& [tool, memory] : memories_) {
        found.memories.push_back(memory);
        found.memories.back().scaling.window.clear();
    }
    found.statuses = statuses_;
    return found;
}

const Status* SimulatedJournal::last_status(const ToolKey& key) const {
    for (auto each = published.rbegin(); each != published.rend(); ++each)
        if (each->tool == key) return &each->status;
    return nullptr;
}

}  // namespace elasticity::simulation
