#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/model/reading.hpp"

namespace elasticity {

/// What a passive declare said of a queue.
struct DeclaredCounts {
    bool exists = false;
    std::uint32_t ready = 0;
    std::uint32_t consumers = 0;
    std::string unreadable;  ///< why it could not be read; "" when it could
    TimePoint at{};
};

/// What the management API said of it.
struct StatedTotals {
    std::optional<std::uint64_t> unacknowledged;
    TimePoint at{};  ///< when the request began
    std::optional<WorkCounters> counters{};
};

/// What a combined reading needs to remember of a queue.
struct QueueActivity {
    std::uint32_t ready = 0;
    std::optional<TimePoint> last_active;  ///< when messages were last seen waiting
};

struct ManagementFacts {
    bool configured = false;
    Millis interval{5'000};  ///< statistics are no fresher than this
    std::string trouble;     ///< why it does not answer; "" when it does
};

/// Puts both sources together. The broker renews its statistics only every few seconds: a "nobody works" that may
/// be older than the last message seen waiting is not believed, so that nobody is let go who has just begun.
Reading combine_readings(const DeclaredCounts& counts, const std::optional<StatedTotals>& totals,
                         const ManagementFacts& management, QueueActivity& activity);

}  // namespace elasticity
