#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "core/model/reading.hpp"

namespace elasticity {

/// What one worker of a tool gets done and what arrives in its queue, from differences of the broker's counters.
///
/// A worker's rate is learnt only while messages wait: the rate of a queue that is nearly empty is the rate of
/// its arrivals, which says nothing of what a worker could do.
struct LearntRates {
    /// A time during which messages waited without a break, as far as it has been measured.
    struct Span {
        WorkCounters first;
        TimePoint last{};             ///< up to when `worker_s` counts
        std::uint32_t consumers = 0;  ///< since then
        double worker_s = 0;          ///< consumers x seconds
    };

    std::optional<double> finished_per_s;  ///< of one worker
    std::optional<Span> span;
    double sampled_messages = 0;  ///< of spans that are not in the rate yet
    double sampled_worker_s = 0;

    /// Counters of three times, the older two at least a window apart: what arrives is measured over one to two
    /// windows, so that a burst is not taken for a stream.
    std::optional<WorkCounters> oldest;
    WorkCounters middle;
    WorkCounters newest;  ///< the last one that had more published
};

/// The broker renews its counters every 5 s, so that a shorter time would measure mostly that.
constexpr Millis rate_window{15'000};

/// Arrivals are measured over about the time in which the queue is to be cleared.
Millis arrivals_window(Millis drain_time);

/// Takes the next reading of the queue; readings that say the same as the last one may be left out. True when
/// the rate of a worker has changed.
bool learn_rates(LearntRates& rates, const Reading& reading, Millis drain_time);

/// Messages that arrive per second; 0 from `arrivals_end` on.
double arrivals_per_s(const LearntRates& rates, Millis drain_time, TimePoint now);

/// Until when what arrived lately counts, unless more arrives.
std::optional<TimePoint> arrivals_end(const LearntRates& rates, Millis drain_time);

/// How long the last workers took from their order until they ran.
class BootTimes {
public:
    void add(Millis time);
    /// 90 % of the last ones took no longer; nothing before the first.
    std::optional<Millis> p90() const;
    const std::deque<Millis>& last() const { return last_; }

private:
    std::deque<Millis> last_;
};

}  // namespace elasticity
