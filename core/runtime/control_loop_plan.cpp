#include <algorithm>

#include "core/runtime/control_loop.hpp"
#include "core/runtime/loop_records.hpp"

namespace elasticity {

BackendView ControlLoop::backend_view(const std::string& name) const {
    BackendView view;
    view.name = name;
    view.room = UINT32_MAX;
    view.trouble = "is not configured";
    const auto record = backends_.find(name);
    if (record == backends_.end()) return view;
    view.listed = record->second.listed;
    view.trouble = record->second.trouble;
    view.listed_at = record->second.listed_at;
    const auto quota = settings_.max_instances.find(name);
    if (quota != settings_.max_instances.end()) {
        const std::size_t used = workers_.count_on(name) + record->second.unseen_intents;
        view.room = used >= quota->second ? 0 : static_cast<std::uint32_t>(quota->second - used);
    }
    return view;
}

ToolView ControlLoop::view_of(ToolRecord& record, TimePoint now) const {
    ToolView view;
    view.tool = &record.tool;
    view.reading = record.reading;
    view.breakers = record.breakers;
    view.memory = record.memory;
    view.key_counter = record.key_counter;
    view.install_id = settings_.install_id;
    view.create_queue_in_flight = record.queue_call_in_flight || record.queue_retry_at > now;
    view.queue_deleted = record.queue_deleted;
    const ObservedWorkers::Records& workers = workers_.of(record.tool.key);
    view.workers.reserve(workers.size());
    for (const auto& [key, worker] : workers) {
        // Until its order has been answered with yes, a worker that is being made is the order.
        const auto intent = record.intents.find(key);
        const bool ordered_only = intent != record.intents.end() && !intent->second.intent.accepted &&
                                  worker.worker.state == WorkerState::provisioning;
        const bool called = worker.in_flight || worker.retry_at > now ||
                            (intent != record.intents.end() && intent->second.intent.in_flight);
        if (!ordered_only) view.workers.push_back({worker.worker, called});
    }
    for (const auto& [key, open] : record.intents) {
        const auto worker = workers.find(key);
        const bool seen = worker != workers.end() &&
                          (open.intent.accepted || worker->second.worker.state != WorkerState::provisioning);
        if (!seen) view.intents.push_back(open.intent);
    }
    std::vector<std::string> names;
    if (record.tool.backend)
        names = {*record.tool.backend};
    else if (const auto placed = settings_.placement.find(record.tool.kind);
             placed != settings_.placement.end())
        names = placed->second;
    for (const std::string& name : names) view.backends.push_back(backend_view(name));
    return view;
}

void ControlLoop::plan_one(ToolRecord& record, TimePoint now) {
    const ToolKey key = record.tool.key;
    if (record.forgetting) return;
    ++plans_made_;
    forgive_settled(record, now);
    const ToolView view = view_of(record, now);
    ToolPlan plan = plan_tool(view, now);
    record.memory = std::move(plan.size.memory);
    record.key_counter = plan.key_counter;
    record.target = plan.size.target;
    record.last_plan = plan.waiting_for.empty() ? plan.size.reason : plan.waiting_for;
    if (plan.waiting_for.empty())
        waiting_.erase(key);
    else
        waiting_.insert(key);

    report(record, view, plan, now);
    carry_out(record, plan, now);
    schedule(record, plan, now);
}

/// When the tool is looked at again though nothing happens. After the report, since that may wait for
/// something.
void ControlLoop::schedule(ToolRecord& record, const ToolPlan& plan, TimePoint now) {
    const ToolKey& key = record.tool.key;
    if (record.wake) wakes_.erase({*record.wake, key});
    record.wake = plan.next_wake;
    const auto wake_at = [&](TimePoint time) {
        if (time > now) record.wake = std::min(record.wake.value_or(time), time);
    };
    wake_at(record.queue_retry_at);
    wake_at(record.status_retry_at);
    for (const auto& [worker_key, worker] : workers_.of(key)) {
        wake_at(worker.retry_at);
        if (!record.breakers.empty()) {
            wake_at(worker.worker.created + trial_life);
            wake_at(worker.worker.created + settled_life);
        }
        if (record.last_status && record.last_status->state == ToolState::deploying)
            wake_at(worker.worker.created + record.tool.scaling.boot_timeout);
    }
    if (record.wake) wakes_.insert({*record.wake, key});
}

void ControlLoop::carry_out(ToolRecord& record, const ToolPlan& plan, TimePoint now) {
    bool up = false;
    bool down = false;
    for (const Step& step : plan.steps) {
        switch (step.kind) {
            case StepKind::create:
                if (step.repeated) {
                    record.intents[step.key].intent.in_flight = true;
                    start_create(record.tool.key, step.backend, step.key);
                } else {
                    order(record, step, now);
                    up = true;
                }
                break;
            case StepKind::destroy:
                down = down || step.scales;
                note_late(record, step, now);
                let_go(record, step);
                break;
            case StepKind::create_queue:
            case StepKind::delete_queue:
                start_queue_call(record, step.kind, now);
                break;
            case StepKind::forget:
                record.forgetting = true;
                ports_.store.forget(record.tool.key);
                break;
        }
    }
    if (up) record.memory.last_up = now;
    if (down) record.memory.last_down = now;
    if (up || down) pending_entry_.memories.push_back({record.tool.key, record.key_counter, record.memory});
}

/// Notes the order; it is given once the journal holds it.
void ControlLoop::order(ToolRecord& record, const Step& step, TimePoint now) {
    Intent intent{step.key, step.backend, now, false, true, false};
    pending_entry_.opened.push_back({record.tool.key, record.tool.spec_hash, intent});
    open_intent(record, std::move(intent));
}

void ControlLoop::start_queue_call(ToolRecord& record, StepKind kind, TimePoint now) {
    if (record.queue_call_in_flight || record.queue_retry_at > now) return;
    const bool create = kind == StepKind::create_queue;
    record.queue_call_in_flight = true;
    PendingCall call;
    call.kind = create ? PendingCall::Kind::create_queue : PendingCall::Kind::delete_queue;
    call.tool = record.tool.key;
    const CallToken token = new_call(std::move(call));
    if (create)
        ports_.queues.create_queue(record.tool, token);
    else
        ports_.queues.delete_queue(record.tool, token);
}

void ControlLoop::let_go(ToolRecord& record, const Step& step) {
    if (auto* worker = workers_.find(record.tool.key, step.key)) worker->in_flight = true;
    const auto intent = record.intents.find(step.key);
    if (intent != record.intents.end()) intent->second.intent.in_flight = true;
    PendingCall call;
    call.kind = PendingCall::Kind::destroy;
    call.backend = step.backend;
    call.tool = record.tool.key;
    call.key = step.key;
    ports_.backends.destroy(step.backend, step.key, step.id, new_call(std::move(call)));
}

void ControlLoop::start_create(const ToolKey& tool, const std::string& backend, const std::string& key) {
    PendingCall call;
    call.kind = PendingCall::Kind::create;
    call.backend = backend;
    call.tool = tool;
    call.key = key;
    ports_.backends.create(backend, {key, find_tool(tool)->tool}, new_call(std::move(call)));
}

/// After a failure only an order makes it try again before its time: it has a breaker of its own.
void ControlLoop::flush_journal(TimePoint now) {
    if (pending_entry_.empty()) return;
    if (pending_entry_.opened.empty() && journal_retry_at_ > now) return;
    PendingCall call;
    call.kind = PendingCall::Kind::journal;
    call.entry = pending_entry_;
    ports_.journal.commit(std::exchange(pending_entry_, {}), new_call(std::move(call)));
}

void ControlLoop::report(ToolRecord& record, const ToolView& view, const ToolPlan& plan, TimePoint now) {
    // Before the first look at backends and queue nothing is known that would be worth telling.
    const bool blind =
        std::any_of(view.backends.begin(), view.backends.end(),
                    [](const BackendView& backend) { return !backend.listed && backend.trouble.empty(); });
    const bool unread = record.reading.state == Reading::State::missing && record.reading.reason.empty();
    const bool forgotten = std::any_of(plan.steps.begin(), plan.steps.end(),
                                       [](const Step& step) { return step.kind == StepKind::forget; });
    // What goes is looked at no more: its last status is told whatever is known.
    if (!forgotten && (blind || unread || now < record.status_retry_at)) return;
    const auto url = settings_.target_urls.find(record.tool.key.target);
    Status status = decide_status(
        view, plan, url == settings_.target_urls.end() ? record.tool.key.target : url->second, now);
    if (!record.queue_trouble.empty()) status.errors.push_back({"queue_failed", "", record.queue_trouble});
    if (forgotten) {
        status.state = ToolState::removed;
        status.reason =
            record.queue_trouble.empty() ? "removed" : "removed; its queue stays: " + record.queue_trouble;
    }
    if (record.last_status && !record.status_lost && !is_news(*record.last_status, status)) return;
    record.status_lost = false;
    ports_.statuses.publish(record.tool.key, status);
    record.last_status = std::move(status);
}

}  // namespace elasticity
