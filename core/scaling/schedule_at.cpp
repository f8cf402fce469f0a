#include "core/scaling/schedule_at.hpp"

#include <algorithm>

namespace elasticity {
namespace {

using std::chrono::days;
using std::chrono::local_days;

/// The 29th of February comes once in eight years where a century leaves one out.
constexpr days search_ahead{366 * 8};

/// The first start on that day after `after`, or the last one that is not after it.
std::optional<TimePoint> start_on(const CronExpression& cron, const ZoneOffsets& zone, local_days day, TimePoint time, bool after) {
    if (!cron.fits(std::chrono::year_month_day(day))) return std::nullopt;
    std::optional<TimePoint> last;
    for (unsigned hour = 0; hour < 24; ++hour) {
        if ((cron.hours >> hour & 1) == 0) continue;
        for (unsigned minute = 0; minute < 60; ++minute) {
            if ((cron.minutes >> minute & 1) == 0) continue;
            const TimePoint start = zone.to_utc(day + std::chrono::hours(hour) + std::chrono::minutes(minute));
            if (after && start > time) return start;
            if (!after && start > time) return last;
            last = start;
        }
    }
    return after ? std::nullopt : last;
}

std::optional<TimePoint> last_start(const ScheduleEntry& entry, const ZoneOffsets& zone, TimePoint now) {
    const auto today = std::chrono::floor<days>(zone.to_local(now));
    const auto oldest = std::chrono::floor<days>(zone.to_local(now - entry.duration)) - days(1);
    for (auto day = today + days(1); day >= oldest; day -= days(1))
        if (const auto start = start_on(entry.cron, zone, day, now, false)) return start;
    return std::nullopt;
}

std::optional<TimePoint> next_start(const ScheduleEntry& entry, const ZoneOffsets& zone, TimePoint now) {
    const auto today = std::chrono::floor<days>(zone.to_local(now));
    for (auto day = today - days(1); day <= today + search_ahead; day += days(1))
        if (const auto start = start_on(entry.cron, zone, day, now, true)) return start;
    return std::nullopt;
}

}  // namespace

ScheduleEffect schedule_at(const std::vector<ScheduleEntry>& schedule, TimePoint now) {
    static const ZoneOffsets utc;
    ScheduleEffect effect;
    for (const ScheduleEntry& entry : schedule) {
        if (!entry.zone && entry.timezone != "UTC") {
            effect.trouble = "the schedule's time zone " + entry.timezone + " is not known here";
            continue;
        }
        const ZoneOffsets& zone = entry.zone ? *entry.zone : utc;
        const auto start = last_start(entry, zone, now);
        const bool holds = start && now < *start + entry.duration;
        if (holds) effect.min_instances = std::max(effect.min_instances.value_or(0), entry.min_instances);
        const auto change = holds ? std::optional(*start + entry.duration) : next_start(entry, zone, now);
        if (change) effect.next_change = std::min(effect.next_change.value_or(*change), *change);
    }
    return effect;
}

}  // namespace elasticity
