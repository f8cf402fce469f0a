#pragma once
#include <memory>
#include <string>

#include "core/model/schedule.hpp"

namespace elasticity {

/// The offsets of a zone of the IANA database, such as "America/Chicago", from 2020 on for as long as this machine's
/// files tell; null when they do not know it. Any thread. Reads one small file, the first time.
std::shared_ptr<const ZoneOffsets> find_time_zone(const std::string& name);

}  // namespace elasticity
