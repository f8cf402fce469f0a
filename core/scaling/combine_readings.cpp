#include "core/scaling/combine_readings.hpp"

namespace elasticity {
namespace {

/// A statistic is too old after this many intervals.
constexpr int stale_intervals = 3;

std::string distrust(const StatedTotals& totals, const ManagementFacts& management, const QueueActivity& activity,
                     TimePoint now) {
    if (!totals.unacknowledged) return "the management API does not tell its unacknowledged messages";
    if (now - totals.at > management.interval * stale_intervals) return "the statistics of the management API are too old";
    const bool may_be_older = activity.last_active && totals.at < *activity.last_active + management.interval;
    if (*totals.unacknowledged == 0 && may_be_older) return "the statistics of the management API are not fresh yet";
    return {};
}

}  // namespace

Reading combine_readings(const DeclaredCounts& counts, const std::optional<StatedTotals>& totals,
                         const ManagementFacts& management, QueueActivity& activity) {
    Reading reading;
    reading.at = counts.at;
    reading.reason = counts.unreadable;
    if (!counts.unreadable.empty()) return reading;
    if (!counts.exists) {
        reading.state = Reading::State::no_queue;
        return reading;
    }
    reading.state = Reading::State::value;
    reading.ready = counts.ready;
    reading.consumers = counts.consumers;
    if (counts.ready > 0 || activity.ready > 0) activity.last_active = counts.at;
    activity.ready = counts.ready;

    if (!management.configured) reading.reason = "without the management API unacknowledged messages are not seen";
    else if (!totals) reading.reason = management.trouble.empty() ? "the management API has not told of it yet" : management.trouble;
    else reading.reason = distrust(*totals, management, activity, counts.at);
    if (reading.reason.empty()) reading.unacknowledged = totals->unacknowledged;
    if (totals && totals->counters && counts.at - totals->counters->at <= management.interval * stale_intervals)
        reading.counters = totals->counters;
    return reading;
}

}  // namespace elasticity
