#include "core/plan/plan_tool.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

namespace elasticity {
namespace {

constexpr Millis first_wait{1'000};
constexpr Millis longest_wait{300'000};

/// When it was ordered, as far as that is known; epoch = unknown.
TimePoint birth_of(const Worker& worker) { return worker.created == TimePoint{} ? worker.state_since : worker.created; }

std::string exit_text(const Worker& worker) {
    std::string text = worker.state == WorkerState::failed ? "failed" : "ended";
    if (worker.exit_code) text += " with exit code " + std::to_string(*worker.exit_code);
    if (!worker.error.empty()) text += ": " + worker.error;
    return text;
}

class Planner {
public:
    Planner(const ToolView& view, TimePoint now) : view_(view), tool_(*view.tool), now_(now) {
        plan_.key_counter = view.key_counter;
    }

    ToolPlan run() {
        classify();
        plan_.supply = static_cast<std::uint32_t>(alive_.size() + open_intents_.size());
        plan_.size = decide();
        if (!plan_.waiting_for.empty()) return std::move(plan_);
        clean_up();
        if (tool_.removal) return remove();
        create_missing_queue();
        if (plan_.size.target > plan_.supply) grow(plan_.size.target - plan_.supply);
        if (plan_.size.target < plan_.supply) shrink(plan_.supply - plan_.size.target);
        repeat_open_intents();
        if (plan_.size.held_until) wake_at(*plan_.size.held_until);
        return std::move(plan_);
    }

private:
    void wake_at(TimePoint time) { plan_.next_wake = std::min(plan_.next_wake.value_or(time), time); }

    void classify() {
        for (const ObservedWorker& observed : view_.workers) {
            switch (fate_of(observed.worker, tool_.scaling.boot_timeout, last_look(observed.worker))) {
                case Fate::booting: wake_when_late(observed.worker); [[fallthrough]];
                case Fate::ready: alive_.push_back(&observed); break;
                case Fate::late:
                case Fate::dead: spent_.push_back(&observed); break;
                case Fate::leaving: leaving_ = true; break;
            }
        }
        for (const Intent& intent : view_.intents)
            if (!intent.failed && !is_observed(intent.key)) open_intents_.push_back(&intent);
    }

    void wake_when_late(const Worker& worker) {
        const TimePoint deadline = birth_of(worker) + tool_.scaling.boot_timeout;
        if (worker.state == WorkerState::provisioning && birth_of(worker) != TimePoint{} && deadline > now_)
            wake_at(deadline);
    }

    /// Since then it may have booted: only a list that began after its deadline can call it late.
    TimePoint last_look(const Worker& worker) const {
        const BackendView* backend = backend_named(worker.backend);
        return backend ? std::min(now_, backend->listed_at) : now_;
    }

    /// A worker that is seen is no order any more, even before a complete list has closed it.
    bool is_observed(const std::string& key) const {
        return std::any_of(view_.workers.begin(), view_.workers.end(),
                           [&](const ObservedWorker& observed) { return observed.worker.key == key; });
    }

    SizeDecision decide() {
        const auto unlisted = std::find_if(view_.backends.begin(), view_.backends.end(),
                                           [](const BackendView& backend) { return !backend.listed; });
        if (unlisted != view_.backends.end())
            plan_.waiting_for = "backend " + unlisted->name + " has not listed its workers yet" +
                                (unlisted->trouble.empty() ? "" : ": " + unlisted->trouble);
        else if (tool_.paused && !tool_.removal)
            plan_.waiting_for = "paused: nothing is started or stopped";
        if (!tool_.removal) return decide_size(tool_, view_.reading, plan_.supply, view_.memory, now_);
        SizeDecision none;
        none.memory = view_.memory;
        none.reason = "being removed";
        return none;
    }

    const BackendView* backend_named(const std::string& name) const {
        const auto hit = std::find_if(view_.backends.begin(), view_.backends.end(),
                                      [&](const BackendView& backend) { return backend.name == name; });
        return hit == view_.backends.end() ? nullptr : &*hit;
    }

    /// Whether it makes sense to call the backend now. If not, the reason goes into `waiting_for`.
    bool answers(const std::string& name) {
        const BackendView* backend = backend_named(name);
        if (!backend || backend->trouble.empty()) return true;
        plan_.waiting_for = backend->name + ": " + backend->trouble;
        return false;
    }

    void destroy(const ObservedWorker& observed, std::string reason, bool scales = false) {
        if (observed.in_flight || !answers(observed.worker.backend)) return;
        plan_.steps.push_back({StepKind::destroy, observed.worker.backend, observed.worker.key, observed.worker.id,
                               false, std::move(reason), scales});
    }

    void clean_up() {
        for (const ObservedWorker* observed : spent_) {
            const bool late = observed->worker.state == WorkerState::provisioning;
            destroy(*observed, late ? "still booting after " + to_text(tool_.scaling.boot_timeout)
                                    : exit_text(observed->worker));
        }
    }

    void create_missing_queue() {
        const bool missing = view_.reading.state == Reading::State::no_queue;
        if (missing && tool_.missing_queue == MissingQueue::create && !view_.create_queue_in_flight)
            plan_.steps.push_back({StepKind::create_queue, "", "", "", false, "queue " + tool_.queue + " does not exist"});
    }

    /// After a failure one worker is tried at a time, so that a bad image costs one container and not twenty.
    bool tries_already(const BackendView& backend) {
        const auto trying = std::count_if(open_intents_.begin(), open_intents_.end(), [&](const Intent* intent) {
            return intent->backend == backend.name;
        });
        const bool ordered = trying > 0 || taken_room_[backend.name] > 0;
        const auto on_trial = std::find_if(alive_.begin(), alive_.end(), [&](const ObservedWorker* observed) {
            return observed->worker.backend == backend.name && birth_of(observed->worker) + trial_life > now_;
        });
        if (on_trial != alive_.end()) wake_at(birth_of((*on_trial)->worker) + trial_life);
        return ordered || on_trial != alive_.end();
    }

    /// Why the backend may not take one more worker now; "" when it may.
    std::string why_not(const BackendView& backend) {
        if (!backend.trouble.empty()) return backend.trouble;
        if (taken_room_[backend.name] >= backend.room) return "has no room left (max_instances)";
        const auto breaker = view_.breakers.find(backend.name);
        if (breaker == view_.breakers.end() || breaker->second.failures == 0) return {};
        const std::string failure = " after " + breaker->second.last.message;
        if (breaker->second.retry_at > now_) {
            wake_at(breaker->second.retry_at);
            return "tries again at " + to_rfc3339(breaker->second.retry_at) + failure;
        }
        return tries_already(backend) ? "one at a time" + failure : std::string();
    }

    /// The best backend that may take one more, or nullptr and the reason in `waiting_for`.
    const BackendView* choose_backend() {
        std::string why;
        for (const BackendView& backend : view_.backends) {
            const std::string reason = why_not(backend);
            if (reason.empty()) return &backend;
            why += (why.empty() ? "" : "; ") + backend.name + ": " + reason;
        }
        plan_.waiting_for = why.empty() ? "no backend runs tools of kind " + tool_.kind : why;
        plan_.no_capacity = true;
        return nullptr;
    }

    void grow(std::uint32_t missing) {
        const std::string reason = size_reason();
        for (std::uint32_t i = 0; i < missing; ++i) {
            const BackendView* backend = choose_backend();
            if (!backend) return;
            ++taken_room_[backend->name];
            const std::string key = worker_key(tool_, view_.install_id, plan_.key_counter++);
            plan_.steps.push_back({StepKind::create, backend->name, key, "", false, reason, true});
        }
    }

    std::string size_reason() const {
        return std::to_string(plan_.supply) + " there, " + std::to_string(plan_.size.target) +
               " wanted: " + plan_.size.reason;
    }

    /// An order whose answer never came (a crash, a deadline) is given again under the same key, which makes
    /// no second worker. One whose answer was yes waits for the list.
    void repeat_open_intents() {
        for (const Intent* intent : open_intents_) {
            if (intent->in_flight || intent->accepted || let_go_.contains(intent->key)) continue;
            if (!answers(intent->backend)) continue;
            const auto breaker = view_.breakers.find(intent->backend);
            if (breaker != view_.breakers.end() && breaker->second.retry_at > now_) {
                wake_at(breaker->second.retry_at);
                continue;
            }
            plan_.steps.push_back({StepKind::create, intent->backend, intent->key, "", true,
                                   "the answer to its order was lost; the same key makes no second worker"});
        }
    }

    void shrink(std::uint32_t surplus) {
        const std::string reason = size_reason();
        for (const Intent* intent : open_intents_) {
            if (surplus == 0) return;
            if (intent->in_flight || intent->accepted || !answers(intent->backend)) continue;
            let_go_.insert(intent->key);
            plan_.steps.push_back({StepKind::destroy, intent->backend, intent->key, "", false, reason, true});
            --surplus;
        }
        // What a call is running about may be on its way out: it is not to be replaced by a second victim.
        const auto in_flight = [](const auto* each) { return each->in_flight; };
        const auto pending = std::count_if(alive_.begin(), alive_.end(), in_flight) +
                             std::count_if(open_intents_.begin(), open_intents_.end(), in_flight);
        surplus -= std::min(surplus, static_cast<std::uint32_t>(pending));
        for (const ObservedWorker* victim : victims()) {
            if (surplus == 0) return;
            destroy(*victim, reason, true);
            --surplus;
        }
    }

    /// Those of an old spec first, then those that still boot, then by age.
    std::vector<const ObservedWorker*> victims() const {
        std::vector<const ObservedWorker*> order;
        std::copy_if(alive_.begin(), alive_.end(), std::back_inserter(order),
                     [](const ObservedWorker* observed) { return !observed->in_flight; });
        const bool newest_first = tool_.scaling.victim_order == VictimOrder::newest;
        const auto rank = [&](const ObservedWorker* observed) {
            const Worker& worker = observed->worker;
            const bool current = worker.spec_hash == 0 || worker.spec_hash == tool_.spec_hash;
            const bool works = worker.state == WorkerState::running;
            const std::int64_t age_order = newest_first ? -to_unix_ms(worker.created) : to_unix_ms(worker.created);
            return std::tuple(current, works, age_order, worker.key);
        };
        std::sort(order.begin(), order.end(), [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
        return order;
    }

    /// Why the workers of a removed tool must not be ended yet; "" when they may. An order whose answer was lost
    /// may have made one that works already.
    std::string removal_must_wait() const {
        if (tool_.removal->force || (alive_.empty() && open_intents_.empty())) return {};
        const Reading& reading = view_.reading;
        if (reading.state == Reading::State::no_queue) return {};
        if (reading.state != Reading::State::value) return "no reading of " + tool_.queue + " (" + reading.reason + ")";
        if (!reading.unacknowledged)
            return (reading.reason.empty() ? "it cannot be seen who works" : reading.reason) +
                   "; remove with force ends all workers all the same";
        if (*reading.unacknowledged > 0)
            return std::to_string(*reading.unacknowledged) + " messages of " + tool_.queue + " are in work";
        return {};
    }

    ToolPlan remove() {
        if (std::string why = removal_must_wait(); !why.empty()) {
            plan_.waiting_for = std::move(why);
            return std::move(plan_);
        }
        for (const ObservedWorker* observed : alive_) destroy(*observed, "its tool is being removed");
        for (const Intent* intent : open_intents_)
            if (!intent->in_flight && !intent->accepted && answers(intent->backend))
                plan_.steps.push_back({StepKind::destroy, intent->backend, intent->key, "", false, "its tool is being removed"});
        const bool empty = alive_.empty() && spent_.empty() && !leaving_ && view_.intents.empty();
        if (!empty) return std::move(plan_);
        if (tool_.removal->delete_queue != DeleteQueue::never && !view_.queue_deleted)
            plan_.steps.push_back({StepKind::delete_queue, "", "", "", false, "its tool is being removed"});
        else
            plan_.steps.push_back({StepKind::forget, "", "", "", false, "all of its workers are gone"});
        return std::move(plan_);
    }

    const ToolView& view_;
    const Tool& tool_;
    TimePoint now_;
    ToolPlan plan_;
    std::vector<const ObservedWorker*> alive_;
    std::vector<const ObservedWorker*> spent_;
    std::vector<const Intent*> open_intents_;
    std::set<std::string> let_go_;
    std::map<std::string, std::uint32_t> taken_room_;  ///< by backend: creates of this plan
    bool leaving_ = false;
};

}  // namespace

Fate fate_of(const Worker& worker, Millis boot_timeout, TimePoint now) {
    switch (worker.state) {
        case WorkerState::running:
        case WorkerState::draining:
        case WorkerState::suspended: return Fate::ready;
        case WorkerState::unknown: return Fate::booting;
        case WorkerState::provisioning:
            // Without a birth nobody can say that it is late.
            return birth_of(worker) == TimePoint{} || now - birth_of(worker) < boot_timeout ? Fate::booting : Fate::late;
        case WorkerState::stopped:
        case WorkerState::failed: return Fate::dead;
        case WorkerState::deleting: return Fate::leaving;
    }
    __builtin_unreachable();
}

std::string worker_key(const Tool& tool, const std::string& install_id, std::uint64_t counter) {
    const std::uint64_t hash =
        stable_hash(install_id + "|" + to_label(tool.key) + "|" + std::to_string(counter));
    std::string hex(12, '0');
    for (std::size_t i = 0; i < hex.size(); ++i) hex[i] = "0123456789abcdef"[(hash >> (4 * i)) & 0xF];
    return tool.name_prefix + "-" + hex;
}

ToolPlan plan_tool(const ToolView& view, TimePoint now) { return Planner(view, now).run(); }

Breaker after_failure(Breaker breaker, Finding why, Millis retry_after, TimePoint now) {
    const std::uint32_t doublings = std::min(breaker.failures, 16U);
    const Millis wait = std::max(retry_after, std::min(longest_wait, first_wait * (1U << doublings)));
    ++breaker.failures;
    breaker.retry_at = now + wait;
    why.retry_at = breaker.retry_at;
    breaker.last = std::move(why);
    return breaker;
}

}  // namespace elasticity
