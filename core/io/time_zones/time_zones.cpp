#include "core/io/time_zones/time_zones.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace elasticity {
namespace {

const date::time_zone* locate(const std::string& name) {
    try {
        return date::locate_zone(name);
    } catch (const std::runtime_error&) {
        return nullptr;  // the library's only word for "unknown"
    }
}

}  // namespace

std::shared_ptr<const ZoneOffsets> find_time_zone(const std::string& name) {
    const date::time_zone* zone = locate(name);
    if (!zone) return nullptr;
    auto offsets = std::make_shared<ZoneOffsets>();
    const date::sys_seconds end = date::sys_days(date::year(2100) / 1 / 1);
    for (date::sys_seconds time = date::sys_days(date::year(2020) / 1 / 1); time < end;) {
        const date::sys_info info = zone->get_info(time);
        offsets->changes.push_back({TimePoint(time.time_since_epoch()), info.offset});
        time = info.end;
    }
    return offsets;
}

}  // namespace elasticity
