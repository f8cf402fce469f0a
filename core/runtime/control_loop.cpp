#include "core/runtime/control_loop.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/runtime/loop_records.hpp"

namespace elasticity {
namespace {

/// How soon a backend that does not answer is asked again.
constexpr Millis list_retry{2'000};
/// How soon a worker that could not be ended is asked to go again.
constexpr Millis destroy_retry{5'000};
constexpr Millis queue_retry{2'000};
constexpr Millis longest_sleep{60'000};

/// How workers fail after their creation, which a creation that succeeds says nothing about.
constexpr const char* exited_code = "worker_exited";
constexpr const char* late_code = "boot_timeout";

bool differs(const Reading& a, const Reading& b) {
    return a.state != b.state || a.ready != b.ready || a.unacknowledged != b.unacknowledged ||
           a.consumers != b.consumers || a.reason != b.reason;
}

}  // namespace

void throw_exception_from_error(const CallError& error, const boost::source_location&) {
    throw std::logic_error("value read from a failed call: " + error.finding.message);
}

ControlLoop::ControlLoop(Ports ports, LoopSettings settings, Recovered recovered)
    : ports_(ports), settings_(std::move(settings)), recovered_statuses_(std::move(recovered.statuses)) {
    for (auto& open : recovered.intents) recovered_intents_[open.tool].push_back(std::move(open.intent));
    for (auto& memory : recovered.memories) recovered_memories_[memory.tool] = std::move(memory);
    for (const auto& [kind, names] : settings_.placement)
        for (const std::string& name : names) backends_[name];
    for (const auto& [name, quota] : settings_.max_instances) backends_[name];
}

ControlLoop::~ControlLoop() = default;

ControlLoop::ToolRecord* ControlLoop::find_tool(const ToolKey& key) {
    const auto hit = tools_.find(key);
    return hit == tools_.end() ? nullptr : hit->second.get();
}

void ControlLoop::touch(const ToolKey& key) {
    if (tools_.contains(key)) dirty_.insert(key);
}

void ControlLoop::touch_waiting() {
    dirty_.insert(waiting_.begin(), waiting_.end());
}

CallToken ControlLoop::new_call(PendingCall call) {
    calls_.emplace(++last_token_, std::move(call));
    return last_token_;
}

std::optional<ControlLoop::PendingCall> ControlLoop::take_call(CallToken token) {
    const auto hit = calls_.find(token);
    if (hit == calls_.end()) return std::nullopt;
    PendingCall call = std::move(hit->second);
    calls_.erase(hit);
    return call;
}

bool ControlLoop::busy() const {
    return !calls_.empty();
}

void ControlLoop::on_desired(std::shared_ptr<const DesiredState> desired) {
    const DesiredState nothing;
    const DesiredState::Tools& before = (desired_ ? *desired_ : nothing).tools();
    DesiredState::Tools gone;
    DesiredState::Tools changed;
    auto old = before.begin();
    for (const auto& held : desired->tools()) {
        while (old != before.end() && (*old)->entry.key < held->entry.key) gone.push_back(*old++);
        const bool known = old != before.end() && (*old)->entry.key == held->entry.key;
        if (!known || *old != held) changed.push_back(held);
        if (known) ++old;
    }
    gone.insert(gone.end(), old, before.end());
    for (const auto& held : gone) drop_tool(held->entry.key);
    for (const auto& held : changed) add_tool(held);
    desired_ = std::move(desired);
}

/// Adds a tool or replaces what is wanted of it; what is known of its workers stays.
void ControlLoop::add_tool(const std::shared_ptr<const HeldTool>& held) {
    const ToolKey& key = held->entry.key;
    auto& slot = tools_[key];
    const bool is_new = !slot;
    if (is_new) slot = std::make_unique<ToolRecord>();
    ToolRecord& record = *slot;
    const std::uint64_t old_spec = record.tool.spec_hash;
    const std::string old_queue = record.tool.queue;
    const ScalingMode old_mode = record.tool.scaling.mode;
    record.held = held;
    record.tool = make_tool(held->entry, settings_.scaling_defaults);
    for (ScheduleEntry& entry : record.tool.scaling.schedule)
        if (settings_.find_time_zone) entry.zone = settings_.find_time_zone(entry.timezone);
    record.forgetting = false;  // what is wanted anew is not forgotten, however far its removal had come
    record.queue_deleted = false;
    if (record.tool.spec_hash != old_spec) {
        record.breakers.clear();
        record.memory.rates = {};  // another worker has another rate
        record.memory.boot_times = {};
    }
    if (is_new) recover(record);
    if (old_queue != record.tool.queue) {
        change_queue(record, old_queue);
        record.reading = {};
    } else if (old_mode != record.tool.scaling.mode) {
        record.memory.rates = {};
        watch_queue(record);
    }
    touch(key);
}

void ControlLoop::recover(ToolRecord& record) {
    const ToolKey& key = record.tool.key;
    if (const auto intents = recovered_intents_.find(key); intents != recovered_intents_.end()) {
        // Those of a backend that is not configured any more stay where they are: nobody can tell what became
        // of them.
        std::erase_if(intents->second, [&](const Intent& intent) {
            const bool configured = backends_.contains(intent.backend);
            if (configured) open_intent(record, intent);
            return configured;
        });
    }
    if (const auto memory = recovered_memories_.find(key); memory != recovered_memories_.end()) {
        record.memory = memory->second.scaling;
        record.key_counter = memory->second.key_counter;
        // The journal saw it at the last step only: the idle time begins anew rather than being over too
        // early.
        record.memory.last_demand.reset();
    }
    if (const auto status = recovered_statuses_.find(key); status != recovered_statuses_.end())
        record.last_status = status->second;
}

/// In one commit two tools may exchange their queues, so that the old one may belong to another tool already.
void ControlLoop::change_queue(const ToolRecord& record, const std::string& old_queue) {
    const ToolKey& key = record.tool.key;
    const auto old_owner = by_queue_.find({key.target, old_queue});
    if (old_owner != by_queue_.end() && old_owner->second == key) {
        ports_.queues.unwatch(key.target, old_queue);
        by_queue_.erase(old_owner);
    }
    by_queue_[{key.target, record.tool.queue}] = key;
    watch_queue(record);
}

void ControlLoop::watch_queue(const ToolRecord& record) {
    ports_.queues.watch(record.tool.key.target, record.tool.queue,
                        record.tool.scaling.mode == ScalingMode::drain_time);
}

void ControlLoop::drop_tool(const ToolKey& key) {
    ToolRecord& record = *find_tool(key);
    ports_.queues.unwatch(key.target, record.tool.queue);
    by_queue_.erase({key.target, record.tool.queue});
    while (!record.intents.empty()) close_intent(record, record.intents.begin()->first);
    if (record.wake) wakes_.erase({*record.wake, key});
    pending_entry_.forgotten.push_back(key);
    // The counter stays: a tool that is deployed again must not meet the names of its former workers.
    recovered_memories_[key] = {key, record.key_counter, {}};
    recovered_statuses_.erase(key);
    dirty_.erase(key);
    waiting_.erase(key);
    tools_.erase(key);
}

void ControlLoop::on_readings(const std::string& target_id,
                              const std::vector<std::pair<std::string, Reading>>& readings) {
    for (const auto& [queue, reading] : readings) {
        const auto owner = by_queue_.find({target_id, queue});
        if (owner == by_queue_.end()) continue;
        ToolRecord& record = *find_tool(owner->second);
        const ScalingPolicy& policy = record.tool.scaling;
        const bool learnt = policy.mode == ScalingMode::drain_time &&
                            learn_rates(record.memory.rates, reading, policy.drain_time);
        if (learnt || differs(record.reading, reading)) touch(owner->second);
        record.reading = reading;
        const bool exists = reading.state == Reading::State::value;
        if (exists && !record.tool.removal) record.queue_trouble.clear();  // somebody else made it
    }
}

void ControlLoop::on_listed(CallToken token, Result<std::vector<Worker>> workers) {
    const auto call = take_call(token);
    if (!call) return;
    BackendRecord& backend = backends_[call->backend];
    const TimePoint now = ports_.clock.now();
    backend.listing = false;
    const bool was_usable = backend.listed && backend.trouble.empty();
    if (!workers) {
        const bool news = backend.trouble != workers.error().message;
        backend.trouble = workers.error().message;
        backend.next_list = now + std::min(list_retry, settings_.list_interval);
        if (news)
            for (const auto& [key, record] : tools_) touch(key);
        return;
    }
    backend.trouble.clear();
    backend.listed = true;
    backend.listed_at = backend.list_began;
    backend.next_list = now + settings_.list_interval;
    auto changes = workers_.apply_list(call->backend, call->began, std::move(*workers));
    backend.strays = std::move(changes.strays);
    for (const Worker& worker : changes.booted) note_boot(worker, now);
    for (const Worker& worker : changes.ended) note_end(worker, now);
    close_intents(call->backend, call->began);
    for (const ToolKey& key : changes.touched) touch(key);
    if (!was_usable)
        for (const auto& [key, record] : tools_) touch(key);
    else if (!changes.touched.empty())
        touch_waiting();
}

void ControlLoop::on_created(CallToken token, boost::system::result<Worker, CallError> worker) {
    const auto call = take_call(token);
    if (!call) return;
    const TimePoint now = ports_.clock.now();
    ToolRecord* record = find_tool(call->tool);
    const auto intent = record ? record->intents.find(call->key) : decltype(record->intents.end()){};
    const bool known = record && intent != record->intents.end();
    if (known) {
        intent->second.intent.in_flight = false;
        intent->second.completed = workers_.next_change();
    }
    if (worker) {
        worker->backend = call->backend;
        worker->key = call->key;
        worker->tool_label = to_label(call->tool);
        // Few providers say so in their answer, and a worker without an age would never be on trial.
        if (worker->created == TimePoint{}) worker->created = known ? intent->second.intent.created : now;
        if (worker->state == WorkerState::running) note_boot(*worker, now);
        const bool dead = worker->state == WorkerState::stopped || worker->state == WorkerState::failed;
        workers_.put(call->tool, *worker);
        if (known) {
            mark_seen(intent->second, true);
            intent->second.intent.accepted = true;
            pending_entry_.accepted_keys.push_back(call->key);
            const auto breaker = record->breakers.find(call->backend);
            if (breaker != record->breakers.end() && breaker->second.last.code != exited_code &&
                breaker->second.last.code != late_code)
                record->breakers.erase(breaker);
        }
        if (dead) note_end(*worker, now);
    } else if (known) {
        if (!worker.error().maybe_done) refuse_intent(intent->second.intent);
        note_failure(*record, call->backend, worker.error(), now);
    }
    touch(call->tool);
}

void ControlLoop::on_destroyed(CallToken token, boost::system::result<void, CallError> done) {
    const auto call = take_call(token);
    if (!call) return;
    ToolRecord* record = find_tool(call->tool);
    if (auto* worker = workers_.find(call->tool, call->key)) {
        worker->in_flight = false;
        if (!done) worker->retry_at = ports_.clock.now() + std::max(destroy_retry, done.error().retry_after);
    }
    if (done) workers_.erase(call->tool, call->backend, call->key);
    const auto intent = record ? record->intents.find(call->key) : decltype(record->intents.end()){};
    if (record && intent != record->intents.end()) {
        intent->second.intent.in_flight = false;
        intent->second.completed = workers_.next_change();
        if (done) close_intent(*record, call->key);
    }
    if (!done && done.error().backend_unavailable) {
        backends_[call->backend].trouble = done.error().finding.message;
        backends_[call->backend].next_list = ports_.clock.now();
    }
    touch(call->tool);
    touch_waiting();
}

void ControlLoop::on_queue_done(CallToken token, Result<> done) {
    const auto call = take_call(token);
    ToolRecord* record = call ? find_tool(call->tool) : nullptr;
    if (!record) return;
    record->queue_call_in_flight = false;
    record->queue_trouble = done ? "" : done.error().message;
    if (call->kind == PendingCall::Kind::delete_queue) {
        // A queue that must be empty and is not stays; its tool goes all the same.
        record->queue_deleted = done || done.error().kind == ErrorKind::conflict;
    }
    // Also after a success: until the next reading has seen it, a queue that was created still counts as
    // missing.
    record->queue_retry_at = ports_.clock.now() + queue_retry;
    touch(call->tool);
}

void ControlLoop::backend_broken(const std::string& backend, const std::string& why) {
    BackendRecord& record = backends_[backend];
    record.trouble = why;
    record.next_list = TimePoint::max();
    for (const auto& [key, tool] : tools_) touch(key);
}

/// How long it took from its order until it ran. Its backend may know when that was; a list sees it later.
void ControlLoop::note_boot(const Worker& worker, TimePoint now) {
    const auto tool = parse_label(worker.tool_label);
    ToolRecord* record = tool ? find_tool(*tool) : nullptr;
    if (!record) return;
    const auto intent = record->intents.find(worker.key);
    const TimePoint ordered = intent == record->intents.end() ? worker.created : intent->second.intent.created;
    if (ordered == TimePoint{}) return;
    const bool told = worker.state_since > ordered && worker.state_since <= now;
    record->memory.boot_times.add((told ? worker.state_since : now) - ordered);
}

/// A worker that ended although nobody asked it to. One that lived shortly, or says so itself, is a failure.
void ControlLoop::note_end(const Worker& worker, TimePoint now) {
    const auto tool = parse_label(worker.tool_label);
    ToolRecord* record = tool ? find_tool(*tool) : nullptr;
    if (!record) return;
    const TimePoint ended = worker.state_since == TimePoint{} ? now : worker.state_since;
    const bool known_start = worker.created != TimePoint{};
    const bool settled = known_start && ended - worker.created >= settled_life;
    if (settled && worker.exit_code.value_or(0) == 0 && worker.error.empty()) return;
    std::string text = "worker " + worker.key + " ended";
    if (known_start) text += " after " + to_text(ended - worker.created);
    if (worker.exit_code) text += " with exit code " + std::to_string(*worker.exit_code);
    if (!worker.error.empty()) text += ": " + worker.error;
    note_failure(*record, worker.backend, {{exited_code, "", text}, false, false, Millis(0)}, now);
}

void ControlLoop::note_failure(ToolRecord& record, const std::string& backend, const CallError& error,
                               TimePoint now) {
    Breaker& breaker = record.breakers[backend];
    const TimePoint open_until = breaker.retry_at;
    // What was tried together fails together: it counts once.
    if (open_until > now && breaker.failures > 0) --breaker.failures;
    breaker = after_failure(std::move(breaker), error.finding, error.retry_after, now);
    breaker.retry_at = std::max(breaker.retry_at, open_until);
    if (error.backend_unavailable) {
        backends_[backend].trouble = error.finding.message;
        backends_[backend].next_list = now;
    }
}

/// A worker that is ended because it did not boot in time is a failure, too.
void ControlLoop::note_late(ToolRecord& record, const Step& step, TimePoint now) {
    const auto* worker = workers_.find(record.tool.key, step.key);
    const Millis boot_timeout = record.tool.scaling.boot_timeout;
    if (!worker || step.scales || record.tool.removal ||
        fate_of(worker->worker, boot_timeout, now) != Fate::late)
        return;
    const std::string text = "worker " + step.key + " was still booting after " + to_text(boot_timeout);
    note_failure(record, step.backend, {{late_code, "", text}, false, false, Millis(0)}, now);
}

void ControlLoop::forgive_settled(ToolRecord& record, TimePoint now) const {
    std::erase_if(record.breakers, [&](const auto& item) {
        const auto& workers = workers_.of(record.tool.key);
        return std::any_of(workers.begin(), workers.end(), [&](const auto& each) {
            const Worker& worker = each.second.worker;
            return worker.backend == item.first && worker.state == WorkerState::running &&
                   worker.created >= item.second.retry_at - settled_life &&
                   now - worker.created >= settled_life;
        });
    });
}

void ControlLoop::start_lists(TimePoint now) {
    for (auto& [name, backend] : backends_) {
        if (backend.listing || backend.next_list > now) continue;
        backend.listing = true;
        backend.list_began = now;
        PendingCall call;
        call.kind = PendingCall::Kind::list;
        call.backend = name;
        call.began = workers_.next_change();
        ports_.backends.list(name, new_call(std::move(call)));
    }
}

TimePoint ControlLoop::run_due() {
    const TimePoint now = ports_.clock.now();
    start_lists(now);
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
        const ToolKey key = wakes_.begin()->second;
        find_tool(key)->wake.reset();
        wakes_.erase(wakes_.begin());
        touch(key);
    }
    const std::set<ToolKey> due = std::exchange(dirty_, {});
    for (const ToolKey& key : due) plan_one(*find_tool(key), now);
    flush_journal(now);

    TimePoint next = now + longest_sleep;
    if (!dirty_.empty()) next = now;
    if (!pending_entry_.empty()) next = std::min(next, journal_retry_at_);
    if (!wakes_.empty()) next = std::min(next, wakes_.begin()->first);
    for (const auto& [name, backend] : backends_)
        if (!backend.listing) next = std::min(next, backend.next_list);
    return std::max(next, now);
}

}  // namespace elasticity
