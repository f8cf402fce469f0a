#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "core/model/reading.hpp"
#include "core/model/tool.hpp"
#include "core/scaling/learn_rates.hpp"

namespace elasticity {

/// What a tool's past tells its next decision. Survives a restart in the journal, but for the window and what
/// is being measured.
struct ScalingMemory {
    std::optional<TimePoint> last_up;
    std::optional<TimePoint> last_down;
    std::optional<TimePoint> unread_since;  ///< when readings began to be missing
    std::optional<TimePoint> last_demand;  ///< when messages were last seen waiting or in work
    /// What the last decision saw: it held until the next one, since decisions are made on change only.
    bool had_demand = false;
    std::uint32_t last_wanted = 0;
    /// (when, wanted) within the look-back, decreasing in `wanted`: its front is the window's highest.
    std::deque<std::pair<TimePoint, std::uint32_t>> window;
    LearntRates rates;  ///< learnt for `drain_time` alone
    BootTimes boot_times;
};

/// How many instances there should be now, and why that many.
struct SizeDecision {
    std::uint32_t target = 0;
    std::uint32_t wanted = 0;  ///< what the demand asks for, before cooldowns and limits of a step
    std::string reason;
    std::optional<TimePoint> held_until;  ///< a cooldown, idle time, look-back or schedule that ends then
    ScalingMemory memory;
};

/// A reading that is missing for a moment, as while a broker restarts, is no reason to start workers.
constexpr Millis fallback_delay{30'000};

/// Decides the size of a tool from its queue. `supply` counts what was ordered, what boots and what is ready.
///
/// Demand is ready + unacknowledged messages; one instance may have `backlog_per_instance` of them
/// (ceil(demand / backlog_per_instance), as KEDA's QueueLength with HPA's AverageValue does). From zero only
/// above `activation`; to zero only after `idle`. On the way down the highest wanted number of the look-back
/// decides. Mode `drain_time` puts instances_to_drain in the place of that quotient as soon as the rate of a worker
/// is known. Without a reading the size is held: it may grow to the minimum, after
/// `fallback_delay` to `fallback`, and never shrinks.
SizeDecision decide_size(const Tool& tool, const Reading& reading, std::uint32_t supply, ScalingMemory memory,
                         TimePoint now);

}  // namespace elasticity
