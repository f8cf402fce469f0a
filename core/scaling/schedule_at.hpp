#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/model/schedule.hpp"

namespace elasticity {

/// What a schedule says at one moment.
struct ScheduleEffect {
    std::optional<std::uint32_t> min_instances;  ///< the greatest of the entries that hold now
    std::optional<TimePoint> next_change;        ///< when to ask again, at the latest
    std::string trouble;                         ///< why an entry is left out; "" when none is
};

ScheduleEffect schedule_at(const std::vector<ScheduleEntry>& schedule, TimePoint now);

}  // namespace elasticity
