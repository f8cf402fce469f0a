#include "core/scaling/learn_rates.hpp"

#include <algorithm>
#include <vector>

namespace elasticity {
namespace {

/// Fewer say too little about the next ones.
constexpr double least_messages = 5;
/// How much a new sample counts against what was known before.
constexpr double share_of_new = 0.5;
constexpr std::size_t boot_times_max = 20;

double seconds(Millis duration) { return std::chrono::duration<double>(duration).count(); }

/// Counters start anew when the broker or the queue does.
bool began_anew(const WorkCounters& before, const WorkCounters& now) {
    return now.finished < before.finished || now.published < before.published;
}

void note_arrivals(LearntRates& rates, const WorkCounters& now, Millis window) {
    if (!rates.oldest || began_anew(rates.newest, now)) {
        rates.oldest = rates.middle = rates.newest = now;
        return;
    }
    if (now.published == rates.newest.published) return;
    rates.newest = now;
    if (now.at - rates.middle.at < window) return;
    rates.oldest = rates.middle;
    rates.middle = now;
}

/// Puts what was sampled into the rate once it is enough.
bool use_sample(LearntRates& rates) {
    if (rates.sampled_messages < least_messages) return false;
    const double sampled = rates.sampled_messages / rates.sampled_worker_s;
    const double known = rates.finished_per_s.value_or(sampled);
    rates.finished_per_s = known + share_of_new * (sampled - known);
    rates.sampled_messages = rates.sampled_worker_s = 0;
    return true;
}

}  // namespace

Millis arrivals_window(Millis drain_time) { return std::max(rate_window, drain_time / 2); }

bool learn_rates(LearntRates& rates, const Reading& reading, Millis drain_time) {
    if (reading.state != Reading::State::value || !reading.counters) {
        rates.span.reset();
        return false;
    }
    const WorkCounters& now = *reading.counters;
    note_arrivals(rates, now, arrivals_window(drain_time));
    if (reading.ready == 0 || reading.consumers == 0) {
        rates.span.reset();
        return false;
    }
    if (!rates.span || began_anew(rates.span->first, now)) {
        rates.span = {now, now.at, reading.consumers, 0};
        return false;
    }
    LearntRates::Span& span = *rates.span;
    const TimePoint until = std::max(span.last, now.at);
    span.worker_s += seconds(until - span.last) * span.consumers;
    span.last = until;
    span.consumers = reading.consumers;
    if (until - span.first.at < rate_window) return false;
    rates.sampled_messages += static_cast<double>(now.finished - span.first.finished);
    rates.sampled_worker_s += span.worker_s;
    rates.span = {now, now.at, reading.consumers, 0};
    return use_sample(rates);
}

std::optional<TimePoint> arrivals_end(const LearntRates& rates, Millis drain_time) {
    if (!rates.oldest || rates.newest.published == rates.oldest->published) return std::nullopt;
    return rates.newest.at + 2 * arrivals_window(drain_time);
}

double arrivals_per_s(const LearntRates& rates, Millis drain_time, TimePoint now) {
    const auto end = arrivals_end(rates, drain_time);
    if (!end || now >= *end) return 0;
    const Millis over = std::max({now - rates.oldest->at, rates.newest.at - rates.oldest->at, arrivals_window(drain_time)});
    return static_cast<double>(rates.newest.published - rates.oldest->published) / seconds(over);
}

void BootTimes::add(Millis time) {
    last_.push_back(std::max(time, Millis(0)));
    if (last_.size() > boot_times_max) last_.pop_front();
}

std::optional<Millis> BootTimes::p90() const {
    if (last_.empty()) return std::nullopt;
    std::vector<Millis> sorted(last_.begin(), last_.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted[(sorted.size() * 9 + 9) / 10 - 1];
}

}  // namespace elasticity
