#include <algorithm>

#include "core/runtime/control_loop.hpp"
#include "core/runtime/loop_records.hpp"

/// Orders of workers: open from the moment they are written down until a complete list has told what became
/// of them.
namespace elasticity {
namespace {

constexpr Millis journal_retry{2'000};
constexpr const char* journal_code = "journal_unavailable";

}  // namespace

/// An order is settled by a complete list that began after its call had ended: it is there, or it is not.
/// One whose answer was lost stays open until it is repeated under the same key.
void ControlLoop::close_intents(const std::string& backend, std::uint64_t began) {
    const auto open_intents = backends_[backend].intents;  // a copy, since closing takes them out
    for (const auto& [key, tool] : open_intents) {
        ToolRecord& record = *find_tool(tool);
        IntentRecord& open = record.intents.at(key);
        const auto* worker = workers_.find(tool, key);
        mark_seen(open, worker != nullptr);
        if (open.intent.in_flight || open.completed >= began) continue;
        const bool there = worker && worker->worker.state != WorkerState::provisioning;
        if (!open.intent.accepted && !open.intent.failed && !there) continue;
        close_intent(record, key);
        touch(tool);
    }
    close_intents_of_unknown_tools(backend);
}

/// Nobody repeats the order of a tool that is gone; what it made, the list has shown.
void ControlLoop::close_intents_of_unknown_tools(const std::string& backend) {
    if (!desired_) return;
    for (auto& [tool, intents] : recovered_intents_) {
        if (tools_.contains(tool)) continue;
        std::erase_if(intents, [&](const Intent& intent) {
            if (intent.backend == backend) pending_entry_.closed_keys.push_back(intent.key);
            return intent.backend == backend;
        });
    }
    std::erase_if(recovered_intents_, [](const auto& item) { return item.second.empty(); });
}

void ControlLoop::open_intent(ToolRecord& record, Intent intent) {
    const std::string key = intent.key;
    BackendRecord& backend = backends_[intent.backend];
    backend.intents[key] = record.tool.key;
    ++backend.unseen_intents;
    record.intents[key] = {std::move(intent), 0, false};
}

void ControlLoop::mark_seen(IntentRecord& intent, bool seen) {
    std::size_t& unseen = backends_[intent.intent.backend].unseen_intents;
    if (intent.seen && !seen) ++unseen;
    if (!intent.seen && seen) --unseen;
    intent.seen = seen;
}

/// Takes it out of the books; the room that it took may let other tools go on.
void ControlLoop::erase_intent(ToolRecord& record, const std::string& key) {
    const auto intent = record.intents.find(key);
    mark_seen(intent->second, true);
    backends_[intent->second.intent.backend].intents.erase(key);
    record.intents.erase(intent);
    touch_waiting();
}

/// The provider said no: a next life of the daemon must not repeat it. In this one a list closes it.
void ControlLoop::refuse_intent(Intent& intent) {
    if (!intent.failed) pending_entry_.closed_keys.push_back(intent.key);
    intent.failed = true;
}

void ControlLoop::close_intent(ToolRecord& record, const std::string& key) {
    if (!record.intents.at(key).intent.failed) pending_entry_.closed_keys.push_back(key);
    erase_intent(record, std::string(key));
}

void ControlLoop::on_journaled(CallToken token, Result<> done) {
    const auto call = take_call(token);
    if (!call) return;
    if (!done) return journal_failed(call->entry, done.error().message);
    journal_works();
    for (const JournalEntry::Opened& order : call->entry.opened) {
        const ToolRecord* record = find_tool(order.tool);
        if (record && record->intents.contains(order.intent.key))
            start_create(order.tool, order.intent.backend, order.intent.key);
    }
}

/// What waited for the journal alone goes on at once.
void ControlLoop::journal_works() {
    if (journal_trouble_.empty()) return;
    journal_trouble_.clear();
    for (const auto& [key, record] : tools_)
        if (std::erase_if(record->breakers,
                          [](const auto& item) { return item.second.last.code == journal_code; }) > 0)
            touch(key);
}

/// Orders are given up; everything else is saved later, as it is then.
void ControlLoop::on_status_lost(const ToolKey& key) {
    ToolRecord* record = find_tool(key);
    if (!record) return;
    record->status_lost = true;
    record->status_retry_at = ports_.clock.now() + journal_retry;
    touch(key);
}

void ControlLoop::journal_failed(const JournalEntry& entry, const std::string& why) {
    const TimePoint now = ports_.clock.now();
    journal_trouble_ = why;
    journal_retry_at_ = now + journal_retry;
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(pending_entry_.accepted_keys, entry.accepted_keys);
    append(pending_entry_.closed_keys, entry.closed_keys);
    std::set<ToolKey> unsaved;
    for (const JournalEntry::Memory& memory : entry.memories) unsaved.insert(memory.tool);
    for (const JournalEntry::Memory& newer : pending_entry_.memories) unsaved.erase(newer.tool);
    for (const ToolKey& key : unsaved)
        if (const ToolRecord* record = find_tool(key))
            pending_entry_.memories.push_back({key, record->key_counter, record->memory});
    for (const ToolKey& key : entry.forgotten)
        if (!tools_.contains(key)) pending_entry_.forgotten.push_back(key);
    for (const JournalEntry::Opened& order : entry.opened) give_up_order(order, now);
}

/// Nothing durable, nothing made: the order never was.
void ControlLoop::give_up_order(const JournalEntry::Opened& order, TimePoint now) {
    ToolRecord* record = find_tool(order.tool);
    if (!record || !record->intents.contains(order.intent.key)) return;
    erase_intent(*record, order.intent.key);
    Finding why{journal_code, "",
                "nothing is created, because the journal cannot be written: " + journal_trouble_,
                now + journal_retry};
    record->breakers[order.intent.backend] = {1, now + journal_retry, std::move(why)};
    touch(order.tool);
}

}  // namespace elasticity
