#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace elasticity {

using Millis = std::chrono::milliseconds;

/// Wall-clock time in milliseconds. Decisions get it as an argument and never ask for it.
using TimePoint = std::chrono::sys_time<Millis>;

inline std::int64_t to_unix_ms(TimePoint time) { return time.time_since_epoch().count(); }
inline TimePoint from_unix_ms(std::int64_t ms) { return TimePoint(Millis(ms)); }

/// RFC 3339 in UTC with milliseconds: "2026-11-22T09:14:03.120Z".
std::string to_rfc3339(TimePoint time);

/// For people, two units at most: "250 ms", "3 s", "2 min 5 s", "1 h 10 min".
std::string to_text(Millis duration);

}  // namespace elasticity
