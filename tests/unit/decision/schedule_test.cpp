#include "core/scaling/schedule_at.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;
using namespace std::chrono_literals;
using std::chrono::sys_days;

namespace {

constexpr auto y2026 = std::chrono::year(2026);
constexpr Millis hour{3'600'000};

TimePoint utc(unsigned month, unsigned day, std::chrono::minutes time) {
    return sys_days(y2026 / static_cast<int>(month) / static_cast<int>(day)) + time;
}

/// Chicago in 2026: six hours behind, five from 8 March 08:00 to 1 November 07:00 UTC.
std::shared_ptr<const ZoneOffsets> chicago() {
    return std::make_shared<ZoneOffsets>(ZoneOffsets{{{utc(1, 1, 0min), -6h}, {utc(3, 8, 8h), -5h}, {utc(11, 1, 7h), -6h}}});
}

ScheduleEntry entry(const char* cron, Millis duration, std::uint32_t minimum, std::shared_ptr<const ZoneOffsets> zone = {}) {
    ScheduleEntry made;
    made.cron = parse_cron(cron).value();
    made.duration = duration;
    made.min_instances = minimum;
    made.zone = std::move(zone);
    return made;
}

/// "4 until 2026-..." or "none until ...".
std::string at(const std::vector<ScheduleEntry>& schedule, TimePoint now) {
    const ScheduleEffect effect = schedule_at(schedule, now);
    return (effect.min_instances ? std::to_string(*effect.min_instances) : "none") + " until " +
           (effect.next_change ? to_rfc3339(*effect.next_change).substr(0, 16) : "ever");
}

}  // namespace

TEST_CASE("schedule: an entry holds from its start for its time, and says when that changes") {
    const std::vector<ScheduleEntry> office{entry("0 8 * * mon-fri", 10 * hour, 4)};
    // 2026-06-05 is a Friday.
    CHECK(at(office, utc(6, 5, 8h) - Millis(1)) == "none until 2026-06-05T08:00");
    CHECK(at(office, utc(6, 5, 8h)) == "4 until 2026-06-05T18:00");
    CHECK(at(office, utc(6, 5, 18h) - Millis(1)) == "4 until 2026-06-05T18:00");
    CHECK(at(office, utc(6, 5, 18h)) == "none until 2026-06-08T08:00");
}

TEST_CASE("schedule: an entry may hold over midnight, and for days") {
    CHECK(at({entry("0 22 * * *", 8 * hour, 2)}, utc(6, 6, 3h)) == "2 until 2026-06-06T06:00");
    CHECK(at({entry("0 0 * * sun", 7 * 24 * hour, 2)}, utc(6, 6, 3h)) == "2 until 2026-06-07T00:00");
}

TEST_CASE("schedule: of several entries the greatest counts, and each change is told") {
    const std::vector<ScheduleEntry> two{entry("0 8 * * *", 4 * hour, 2), entry("0 9 * * *", hour, 5)};
    CHECK(at(two, utc(6, 5, 8h)) == "2 until 2026-06-05T09:00");
    CHECK(at(two, utc(6, 5, 9h)) == "5 until 2026-06-05T10:00");
    CHECK(at(two, utc(6, 5, 10h)) == "2 until 2026-06-05T12:00");
}

TEST_CASE("schedule: the same local time is another moment in summer and in winter") {
    const std::vector<ScheduleEntry> office{entry("0 8 * * *", hour, 4, chicago())};
    CHECK(at(office, utc(1, 15, 12h)) == "none until 2026-01-15T14:00");
    CHECK(at(office, utc(6, 15, 12h)) == "none until 2026-06-15T13:00");
    CHECK(at(office, utc(11, 15, 14h)) == "4 until 2026-11-15T15:00");
}

TEST_CASE("schedule: on the day that skips an hour, what begins in it begins at the skip, once") {
    const std::vector<ScheduleEntry> night{entry("30 2 * * *", hour, 4, chicago())};
    CHECK(at(night, utc(3, 7, 12h)) == "none until 2026-03-08T08:00");
    CHECK(at(night, utc(3, 8, 8h)) == "4 until 2026-03-08T09:00");
    CHECK(at(night, utc(3, 8, 9h)) == "none until 2026-03-09T07:30");
}

TEST_CASE("schedule: on the day that has an hour twice, what begins in it begins in the first, once") {
    const std::vector<ScheduleEntry> night{entry("30 1 * * *", 10 * minute, 4, chicago())};
    CHECK(at(night, utc(11, 1, 0h)) == "none until 2026-11-01T06:30");
    CHECK(at(night, utc(11, 1, 6h + 30min)) == "4 until 2026-11-01T06:40");
    CHECK(at(night, utc(11, 1, 7h + 30min)) == "none until 2026-11-02T07:30");
}

TEST_CASE("schedule: from start to end is for_s, however the clocks are changed meanwhile") {
    const std::vector<ScheduleEntry> night{entry("0 0 * * *", 8 * hour, 4, chicago())};
    CHECK(at(night, utc(3, 8, 6h)) == "4 until 2026-03-08T14:00");
    CHECK(at(night, utc(11, 1, 5h)) == "4 until 2026-11-01T13:00");
}

TEST_CASE("schedule: every minute of a year agrees with a look at each start") {
    const std::vector<ScheduleEntry> schedule{entry("*/25 1-2 * * *", 20 * minute, 1, chicago())};
    const TimePoint begin = utc(10, 30, 0h);
    std::vector<TimePoint> starts;
    for (int day = -2; day < 5; ++day)
        for (int hour_of_day : {1, 2})
            for (int minute_of_hour : {0, 25, 50})
                starts.push_back(chicago()->to_utc(std::chrono::local_days(y2026 / 10 / 30) + std::chrono::days(day) +
                                                   std::chrono::hours(hour_of_day) + std::chrono::minutes(minute_of_hour)));
    for (int i = 0; i < 4 * 24 * 60; ++i) {
        const TimePoint now = begin + i * minute;
        const bool holds = std::any_of(starts.begin(), starts.end(), [&](TimePoint start) { return start <= now && now < start + 20 * minute; });
        if (schedule_at(schedule, now).min_instances.has_value() != holds) FAIL(to_rfc3339(now));
    }
}

TEST_CASE("schedule: a time zone that is not known leaves its entry out, and says so") {
    ScheduleEntry lost = entry("* * * * *", hour, 4);
    lost.timezone = "Mars/Olympus";
    CHECK(schedule_at({lost}, noon).trouble == "the schedule's time zone Mars/Olympus is not known here");
    CHECK_FALSE(schedule_at({lost}, noon).min_instances);
}

TEST_CASE("schedule: a day that never comes is no endless search") {
    CHECK(at({entry("0 0 30 2 *", hour, 4)}, noon) == "none until ever");
    CHECK(at({entry("0 0 29 2 *", hour, 4)}, utc(3, 1, 0h)) == "none until 2028-02-29T00:00");
}

TEST_CASE("schedule: cron's fields are values, names, ranges, steps and lists; a day or a weekday is enough") {
    const auto fits = [](const char* cron, int month, int day) {
        return parse_cron(cron).value().fits(y2026 / month / day);
    };
    CHECK(fits("0 0 * jan,JUN 5-7", 6, 5));
    CHECK(fits("0 0 * * 0", 6, 7));
    CHECK(fits("0 0 * * 7", 6, 7));
    CHECK_FALSE(fits("0 0 * 1-5 *", 6, 5));
    CHECK(fits("0 0 1 * fri", 6, 5));
    CHECK(fits("0 0 1 * fri", 6, 1));
    CHECK_FALSE(fits("0 0 1 * fri", 6, 2));
    CHECK(parse_cron("10-30/10 */12 * * *").value().minutes == (1ULL << 10 | 1ULL << 20 | 1ULL << 30));
    CHECK(parse_cron("0 */12 * * *").value().hours == (1U | 1U << 12));
    for (const char* bad : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *",
                            "*/0 * * * *", "5/2 * * * *", "1, * * * *", ", * * * *", "a * * * *", "1- * * * *", "-1 * * * *", "* * * fri *"})
        if (parse_cron(bad)) FAIL(bad);
    CHECK(parse_cron("* 24 * * *").error().message == "hour: must be *, a value of 0 to 23, a range, a step or a list of them, got '24'");
}

TEST_CASE("schedule: its minimum is the size's, within the maximum, and its end is waited for") {
    Tool tool = ocr(1, 6);
    tool.scaling.schedule = {entry("0 8 * * *", hour, 4)};
    CHECK(to_text(decide_size(tool, waiting(0), 1, {}, utc(6, 5, 8h))) ==
          "4: min_instances is 4 by its schedule until 2026-06-05T09:00:00.000Z; 0 messages waiting, 0 in work, 20 per instance");
    CHECK(decide_size(tool, waiting(0), 1, {}, utc(6, 5, 7h)).target == 1);
    CHECK(decide_size(tool, waiting(0), 1, {}, utc(6, 5, 7h)).held_until == utc(6, 5, 8h));
    CHECK(decide_size(tool, unread(), 1, {}, utc(6, 5, 8h)).target == 4);
    tool.max_instances = 3;
    CHECK(decide_size(tool, waiting(0), 1, {}, utc(6, 5, 8h)).target == 3);
}

TEST_CASE("message: a schedule is checked as a whole before it is taken") {
    IntakeContext with = context();
    with.knows_time_zone = [](const std::string& zone) { return zone == "UTC"; };
    const auto findings = [&](const std::string& one) {
        const Message message_read = read(message("deploy", {docker("ncsa.ocr", 0, R"("max_instances":3,"scaling":{"schedule":[)" + one + "]}")}), with);
        return to_text(message_read.tools.at(0).findings);
    };
    CHECK(findings(R"({"cron":"0 8 * * *","for_s":60,"min_instances":3})") == "");
    CHECK(findings(R"({"cron":"0 8 * * *","for_s":60,"min_instances":4,"timezone":"Mars"})") ==
          "unknown_time_zone /tools/0/scaling/schedule/0/timezone: 'Mars' is not known here; wanted: a name such as America/Chicago\n"
          "invalid_field /tools/0/scaling/schedule/0/min_instances: must be at most max_instances (3), got 4\n");
    CHECK(findings(R"({"cron":"0 8 * *  ","for_s":60,"min_instances":3})") ==
          "invalid_field /tools/0/scaling: schedule/0/cron: must be five fields: minute hour day month weekday\n");
}
