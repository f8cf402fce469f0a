#pragma once
#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.hpp"
#include "core/model/time.hpp"

namespace elasticity {

/// "MINUTE HOUR DAY MONTH WEEKDAY" as crontab(5) has it: numbers, names of months and weekdays, `*`, lists, ranges,
/// steps. One bit for each value that fits.
struct CronExpression {
    std::uint64_t minutes = 0;
    std::uint64_t hours = 0;
    std::uint64_t days = 0;
    std::uint64_t months = 0;
    std::uint64_t weekdays = 0;  ///< Sunday is 0
    /// Where both a day and a weekday are given, either is enough.
    bool any_day = true;
    bool any_weekday = true;

    bool fits(std::chrono::year_month_day date) const;
    bool operator==(const CronExpression&) const = default;
};

Result<CronExpression> parse_cron(std::string_view text);

/// The offsets from UTC of one time zone, in the order of time. Rules of time zones change by law and live in files:
/// they are read outside and handed in.
struct ZoneOffsets {
    struct Change {
        TimePoint from{};
        std::chrono::seconds offset{0};
    };
    std::vector<Change> changes;  ///< the first holds for all times before it, too

    /// A local time that is skipped is the moment of the skip; one that comes twice is the first.
    TimePoint to_utc(std::chrono::local_seconds local) const;
    std::chrono::local_seconds to_local(TimePoint time) const;
};

/// From each moment that `cron` names in its time zone, for a time, another minimum.
struct ScheduleEntry {
    CronExpression cron;
    std::string timezone = "UTC";
    Millis duration{0};
    std::uint32_t min_instances = 0;
    std::shared_ptr<const ZoneOffsets> zone;  ///< null while nobody has looked it up; UTC needs none

    bool operator==(const ScheduleEntry&) const = default;
};

/// Reads an array that fits the schema of `schedule`.
Result<std::vector<ScheduleEntry>> parse_schedule(const boost::json::array& entries);

}  // namespace elasticity
