#include "core/io/time_zones/time_zones.hpp"

#include <catch2/catch.hpp>

using namespace elasticity;
using namespace std::chrono_literals;

namespace {

std::string utc_of(const char* zone, int month, int day, std::chrono::minutes time) {
    const auto local = std::chrono::local_days(std::chrono::year(2026) / month / day) + time;
    return to_rfc3339(find_time_zone(zone)->to_utc(local)).substr(0, 16);
}

}  // namespace

TEST_CASE("time zones: the offsets are those of the time of year") {
    CHECK(utc_of("America/Chicago", 1, 15, 8h) == "2026-01-15T14:00");
    CHECK(utc_of("America/Chicago", 7, 15, 8h) == "2026-07-15T13:00");
    CHECK(utc_of("Europe/Berlin", 7, 15, 8h) == "2026-07-15T06:00");
    CHECK(utc_of("Asia/Kolkata", 7, 15, 8h) == "2026-07-15T02:30");
    CHECK(utc_of("UTC", 7, 15, 8h) == "2026-07-15T08:00");
}

TEST_CASE("time zones: a skipped time is the moment of the skip, one that comes twice is the first") {
    CHECK(utc_of("America/Chicago", 3, 8, 2h + 30min) == "2026-03-08T08:00");
    CHECK(utc_of("America/Chicago", 11, 1, 1h + 30min) == "2026-11-01T06:30");
    CHECK(utc_of("Europe/Berlin", 3, 29, 2h + 30min) == "2026-03-29T01:00");
    CHECK(utc_of("Europe/Berlin", 10, 25, 2h + 30min) == "2026-10-25T00:30");
}

TEST_CASE("time zones: a name that nobody knows is none, whatever it looks like") {
    for (const char* name : {"", "Mars/Olympus", "../../../etc/passwd", "/etc/passwd", "America", "america/chicago"})
        if (find_time_zone(name)) FAIL(name);
}
