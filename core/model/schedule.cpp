#include "core/model/schedule.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
    std::string_view name;
    unsigned least;
    unsigned most;
    std::span<const std::string_view> names;  ///< of the values from `least` on
};

constexpr std::array<Field, 5> cron_fields{{{"minute", 0, 59, {}},
                                            {"hour", 0, 23, {}},
                                            {"day", 1, 31, {}},
                                            {"month", 1, 12, month_names},
                                            {"weekday", 0, 7, weekday_names}}};

/// Cuts off what stands before the first `separator`, and that; all of it where there is none.
std::string_view cut(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const std::string_view head = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return head;
}

std::optional<unsigned> number_in(std::string_view text, unsigned least, unsigned most) {
    unsigned number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size() || number < least || number > most) return std::nullopt;
    return number;
}

std::optional<unsigned> value_of(std::string_view text, const Field& field) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    const auto name = std::find(field.names.begin(), field.names.end(), lower);
    if (name != field.names.end()) return field.least + static_cast<unsigned>(name - field.names.begin());
    return number_in(text, field.least, field.most);
}

/// `*`, `5`, `1-5`, `*/2`, `10-30/5`; nothing where it is none of these.
std::optional<std::uint64_t> parse_item(std::string_view text, const Field& field) {
    const bool has_step = text.find('/') != text.npos;
    std::string_view range = cut(text, '/');
    const auto step = has_step ? number_in(text, 1, field.most + 1) : std::optional(1U);
    const bool has_end = range.find('-') != range.npos;
    std::optional<unsigned> first = field.least;
    std::optional<unsigned> last = field.most;
    if (range != "*") {
        first = value_of(cut(range, '-'), field);
        last = has_end ? value_of(range, field) : first;
        if (has_step && !has_end) return std::nullopt;
    }
    if (!step || !first || !last || *first > *last) return std::nullopt;
    std::uint64_t bits = 0;
    for (unsigned value = *first; value <= *last; value += *step) bits |= std::uint64_t{1} << value;
    return bits;
}

Result<std::uint64_t> parse_field(std::string_view text, const Field& field) {
    std::uint64_t bits = 0;
    std::string_view rest = text;
    const auto items = std::count(text.begin(), text.end(), ',') + 1;
    for (auto i = items; i > 0; --i) {
        const auto item = parse_item(cut(rest, ','), field);
        if (!item)
            return Error{ErrorKind::invalid, std::string(field.name) + ": must be *, a value of " + std::to_string(field.least) +
                                                 " to " + std::to_string(field.most) + ", a range, a step or a list of them, got '" +
                                                 std::string(text) + "'"};
        bits |= *item;
    }
    return bits;
}

std::string_view next_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return cut(text, ' ');
}

}  // namespace

Result<CronExpression> parse_cron(std::string_view text) {
    std::array<std::uint64_t, cron_fields.size()> bits{};
    std::array<std::string_view, cron_fields.size()> words;
    for (std::string_view& word : words) word = next_word(text);
    if (words.back().empty() || !next_word(text).empty())
        return Error{ErrorKind::invalid, "must be five fields: minute hour day month weekday"};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto parsed = parse_field(words[i], cron_fields[i]);
        if (!parsed) return parsed.error();
        bits[i] = *parsed;
    }
    const std::uint64_t sunday = bits[4] >> 7 & 1;  // 7 is Sunday, too
    return CronExpression{bits[0], bits[1], bits[2], bits[3], (bits[4] | sunday) & 0x7F,
                          words[2].starts_with('*'), words[4].starts_with('*')};
}

bool CronExpression::fits(std::chrono::year_month_day date) const {
    const auto has = [](std::uint64_t bits, unsigned value) { return (bits >> value & 1) != 0; };
    if (!has(months, unsigned(date.month()))) return false;
    const bool day = has(days, unsigned(date.day()));
    const bool weekday = has(weekdays, std::chrono::weekday(std::chrono::sys_days(date)).c_encoding());
    return any_day || any_weekday ? day && weekday : day || weekday;
}

TimePoint ZoneOffsets::to_utc(std::chrono::local_seconds local) const {
    const auto at = [&](const Change& change) { return TimePoint(local.time_since_epoch() - change.offset); };
    if (changes.empty()) return at({});
    // The first offset by which it falls before the next change; what falls before its own was skipped.
    std::size_t i = 0;
    while (i + 1 < changes.size() && at(changes[i]) >= changes[i + 1].from) ++i;
    return i == 0 ? at(changes[i]) : std::max(at(changes[i]), changes[i].from);
}

std::chrono::local_seconds ZoneOffsets::to_local(TimePoint time) const {
    const auto later = std::upper_bound(changes.begin(), changes.end(), time,
                                        [](TimePoint when, const Change& change) { return when < change.from; });
    std::chrono::seconds offset{0};
    if (later != changes.begin()) offset = std::prev(later)->offset;
    else if (!changes.empty()) offset = changes.front().offset;
    return std::chrono::local_seconds(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()) + offset);
}

Result<std::vector<ScheduleEntry>> parse_schedule(const json::array& entries) {
    std::vector<ScheduleEntry> schedule;
    for (const json::value& each : entries) {
        const json::object& fields = each.as_object();
        const std::string where = "schedule/" + std::to_string(schedule.size()) + "/cron";
        ScheduleEntry entry;
        const auto cron = parse_cron(std::string_view(fields.at("cron").as_string()));
        if (!cron) return within(where, cron.error());
        entry.cron = *cron;
        if (const json::value* zone = fields.if_contains("timezone")) entry.timezone = std::string(zone->as_string());
        entry.duration = Millis(std::llround(fields.at("for_s").to_number<double>() * 1000));
        entry.min_instances = fields.at("min_instances").to_number<std::uint32_t>();
        schedule.push_back(std::move(entry));
    }
    return schedule;
}

}  // namespace elasticity
