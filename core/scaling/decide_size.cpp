#include "core/scaling/decide_size.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/scaling/drain_time.hpp"
#include "core/scaling/schedule_at.hpp"

namespace elasticity {
namespace {

std::string plural(std::uint64_t count, const char* noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// "0.25/s", three digits.
std::string rate_text(double per_s) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, per_s, std::chars_format::general, 3).ptr;
    return std::string(digits, end) + "/s";
}

double seconds(Millis duration) { return std::chrono::duration<double>(duration).count(); }

/// Keeps the window decreasing, so that its front is the highest and it stays short.
void remember_wanted(ScalingMemory& memory, std::uint32_t wanted, Millis look_back, TimePoint now) {
    auto& window = memory.window;
    for (const std::uint32_t seen : {memory.last_wanted, wanted}) {
        while (!window.empty() && window.back().second <= seen) window.pop_back();
        window.emplace_back(now, seen);
    }
    while (window.front().first + look_back <= now && window.size() > 1) window.pop_front();
    memory.last_wanted = wanted;
}

class Decision {
public:
    Decision(const Tool& tool, const Reading& reading, std::uint32_t supply, ScalingMemory memory, TimePoint now)
        : tool_(tool), policy_(tool.scaling), reading_(reading), supply_(supply), now_(now),
          schedule_(schedule_at(tool.scaling.schedule, now)),
          min_instances_(std::min(schedule_.min_instances.value_or(tool.min_instances), tool.max_instances)) {
        result_.memory = std::move(memory);
    }

    SizeDecision run() {
        if (is_read()) result_.memory.unread_since.reset();
        if (policy_.mode == ScalingMode::fixed) return fixed();
        switch (reading_.state) {
            case Reading::State::missing:
            case Reading::State::stale:
            case Reading::State::suspect: return hold_without_reading();
            case Reading::State::no_queue: return without_queue();
            case Reading::State::value: return follow();
        }
        __builtin_unreachable();
    }

private:
    SizeDecision settle(std::uint32_t target, std::string reason) {
        result_.target = target;
        result_.reason = std::move(reason);
        if (arrivals_end_) hold_until(*arrivals_end_);
        if (schedule_.next_change) hold_until(*schedule_.next_change);
        if (!schedule_.trouble.empty()) result_.reason += "; " + schedule_.trouble;
        return std::move(result_);
    }

    SizeDecision fixed() {
        const std::uint32_t size = policy_.fixed_instances.value_or(min_instances_);
        const std::string reason = "fixed at " + std::to_string(size);
        result_.wanted = size;
        if (size >= supply_) return settle(size, reason);
        if (const std::string why_not = busy_reason(); !why_not.empty()) return settle(supply_, why_not);
        return settle(size, reason);
    }

    bool is_read() const {
        return reading_.state == Reading::State::value || reading_.state == Reading::State::no_queue;
    }

    SizeDecision hold_without_reading() {
        std::string reason = no_reading();
        std::uint32_t least = min_instances_;
        if (!result_.memory.unread_since) result_.memory.unread_since = now_;
        const TimePoint fallback_begin = *result_.memory.unread_since + fallback_delay;
        if (policy_.fallback && now_ < fallback_begin) hold_until(fallback_begin);
        if (policy_.fallback && now_ >= fallback_begin) {
            least = std::max(least, std::min(*policy_.fallback, tool_.max_instances));
            reason += "; fallback is " + std::to_string(*policy_.fallback);
        }
        result_.wanted = std::max(supply_, least);
        return settle(result_.wanted, reason);
    }

    std::string no_reading() const { return "held: no reading of " + tool_.queue + " (" + reading_.reason + ")"; }

    SizeDecision without_queue() {
        const bool start_one = tool_.missing_queue == MissingQueue::start_one && tool_.max_instances > 0;
        const std::uint32_t floor = std::max(min_instances_, start_one ? 1U : 0U);
        result_.wanted = std::max(floor, supply_);
        return settle(result_.wanted, "queue " + tool_.queue + " does not exist" +
                                          (start_one ? "; one worker is to declare it" : ""));
    }

    std::uint64_t demand() const {
        const std::uint64_t in_work = reading_.unacknowledged.value_or(0);
        return reading_.ready + std::min(in_work, UINT64_MAX - reading_.ready);
    }

    std::uint64_t needed_by_backlog() const {
        const std::uint64_t per_instance = policy_.backlog_per_instance;
        return demand() / per_instance + (demand() % per_instance == 0 ? 0 : 1);
    }

    std::uint64_t needed_in_time(double finished_per_s, std::string& reason) {
        const LearntRates& rates = result_.memory.rates;
        const Millis boot = result_.memory.boot_times.p90().value_or(Millis(0));
        DrainDemand drain;
        drain.messages = static_cast<double>(demand());
        drain.arrivals_per_s = arrivals_per_s(rates, policy_.drain_time, now_);
        drain.finished_per_s = finished_per_s;
        drain.consumers = reading_.consumers;
        drain.supply = supply_;
        drain.boot_s = seconds(boot);
        drain.drain_s = seconds(policy_.drain_time);
        if (drain.arrivals_per_s > 0) {
            arrivals_end_ = std::min(*arrivals_end(rates, policy_.drain_time), now_ + rate_window);
            reason += ", " + rate_text(drain.arrivals_per_s) + " arrive";
        }
        reason += ", " + rate_text(finished_per_s) + " per instance, to be done in " + elasticity::to_text(policy_.drain_time);
        if (boot > Millis(0)) reason += ", " + elasticity::to_text(boot) + " to boot";
        return instances_to_drain(drain);
    }

    /// How many the mode asks for, and why, whatever the limits say.
    std::uint64_t needed(std::string& reason) {
        reason = demand_text();
        const auto& rate = result_.memory.rates.finished_per_s;
        const bool in_time = policy_.mode == ScalingMode::drain_time;
        if (in_time && rate && *rate > 0) return needed_in_time(*rate, reason);
        reason += ", " + std::to_string(policy_.backlog_per_instance) + " per instance";
        if (in_time) reason += " until the rate of a worker is known";
        return needed_by_backlog();
    }

    std::string demand_text() const {
        std::string text = plural(reading_.ready, "message") + " waiting";
        if (reading_.unacknowledged) text += ", " + std::to_string(*reading_.unacknowledged) + " in work";
        return text;
    }

    SizeDecision follow() {
        std::string reason;
        const std::uint64_t asked = needed(reason);
        auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(asked, tool_.max_instances));
        if (supply_ == 0 && demand() <= policy_.activation) {
            wanted = 0;
            arrivals_end_.reset();
            reason = demand() == 0 ? "waiting for messages"
                                   : demand_text() + ", starts above " + std::to_string(policy_.activation);
        }
        if (demand() > 0 || result_.memory.had_demand) result_.memory.last_demand = now_;
        result_.memory.had_demand = demand() > 0;
        wanted = keep_last_until_idle(wanted, reason);
        if (wanted < min_instances_) reason = floor_text() + "; " + reason;
        if (asked > tool_.max_instances) reason += "; max_instances is " + std::to_string(tool_.max_instances);
        wanted = std::clamp(wanted, min_instances_, tool_.max_instances);
        remember_wanted(result_.memory, wanted, policy_.look_back, now_);
        result_.wanted = wanted;
        if (wanted > supply_) return step_up(wanted, reason);
        if (wanted < supply_) return step_down(reason);
        return settle(supply_, reason);
    }

    std::string floor_text() const {
        const std::string text = "min_instances is " + std::to_string(min_instances_);
        return schedule_.min_instances ? text + " by its schedule until " + to_rfc3339(*schedule_.next_change) : text;
    }

    std::uint32_t keep_last_until_idle(std::uint32_t wanted, std::string& reason) {
        if (wanted > 0 || supply_ == 0 || min_instances_ > 0) return wanted;
        // After a restart nothing is known of the past: the idle time begins anew rather than being over.
        if (!result_.memory.last_demand) result_.memory.last_demand = now_;
        const TimePoint idle_end = *result_.memory.last_demand + policy_.idle;
        if (now_ >= idle_end) return 0;
        hold_until(idle_end);
        reason = "nothing to do; the last worker goes at " + to_rfc3339(idle_end);
        return 1;
    }

    void hold_until(TimePoint end) { result_.held_until = std::min(result_.held_until.value_or(end), end); }

    bool within_dead_band(std::uint32_t wanted) const {
        if (supply_ == 0 || supply_ < min_instances_ || supply_ > tool_.max_instances || wanted == 0) return false;
        const double distance = std::abs(static_cast<double>(wanted) - static_cast<double>(supply_));
        return distance / supply_ <= policy_.dead_band;
    }

    bool cooling(const std::optional<TimePoint>& last, Millis cooldown) {
        if (!last || *last + cooldown <= now_) return false;
        hold_until(*last + cooldown);
        return true;
    }

    SizeDecision step_up(std::uint32_t wanted, const std::string& reason) {
        if (supply_ >= min_instances_) {
            if (within_dead_band(wanted)) return settle(supply_, reason + "; near enough, no step");
            if (cooling(result_.memory.last_up, policy_.up_cooldown))
                return settle(supply_, reason + "; held until " + to_rfc3339(*result_.held_until) + " by up_cooldown_s");
        }
        const std::uint64_t limit = std::uint64_t{supply_} + policy_.up_step_max.of(supply_);
        const auto target = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, limit));
        return settle(std::max(target, std::min(min_instances_, wanted)), reason);
    }

    SizeDecision step_down(const std::string& reason) {
        if (supply_ <= tool_.max_instances) {
            const std::uint32_t highest = result_.memory.window.front().second;
            if (highest >= supply_) {
                hold_until(result_.memory.window.front().first + policy_.look_back);
                return settle(supply_, reason + "; held until " + to_rfc3339(*result_.held_until) + " by look_back_s");
            }
            if (within_dead_band(highest)) {
                // What leaves the look-back next may leave less.
                if (result_.memory.window.size() > 1) hold_until(result_.memory.window.front().first + policy_.look_back);
                return settle(supply_, reason + "; near enough, no step");
            }
            const auto last = std::max(result_.memory.last_up, result_.memory.last_down);
            if (cooling(last, policy_.down_cooldown))
                return settle(supply_, reason + "; held until " + to_rfc3339(*result_.held_until) + " by down_cooldown_s");
            result_.wanted = highest;
        }
        if (const std::string why_not = busy_reason(); !why_not.empty()) return settle(supply_, why_not);
        const std::uint32_t limit = policy_.down_step_max.of(supply_);
        const std::uint32_t floor = supply_ > limit ? supply_ - limit : 0;
        return settle(std::max(result_.wanted, floor), reason);
    }

    /// Which worker holds a message is not told by the broker's totals, so that nobody is let go while any does.
    std::string busy_reason() const {
        if (reading_.state == Reading::State::no_queue) return {};
        if (reading_.state == Reading::State::value && reading_.unacknowledged) {
            if (*reading_.unacknowledged == 0) return {};
            return "held: " + plural(*reading_.unacknowledged, "message") + " in work; no worker is let go meanwhile";
        }
        if (reading_.state != Reading::State::value) return no_reading();
        if (tool_.force) return {};
        return "held: without the management API it cannot be seen who works; no worker is let go";
    }

    const Tool& tool_;
    const ScalingPolicy& policy_;
    const Reading& reading_;
    std::uint32_t supply_;
    TimePoint now_;
    ScheduleEffect schedule_;
    std::uint32_t min_instances_;  ///< as the schedule has it now
    SizeDecision result_;
    std::optional<TimePoint> arrivals_end_;  ///< when to look again though nothing changes: arrivals may have ended
};

}  // namespace

SizeDecision decide_size(const Tool& tool, const Reading& reading, std::uint32_t supply, ScalingMemory memory,
                         TimePoint now) {
    return Decision(tool, reading, supply, std::move(memory), now).run();
}

}  // namespace elasticity
