#include "core/model/time.hpp"

#include <array>
#include <cstdio>

namespace elasticity {

std::string to_rfc3339(TimePoint time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss<Millis> clock(time - day);
    std::array<char, 64> text{};
    const int length = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string to_text(Millis duration) {
    const auto ms = duration.count();
    if (ms < 1000) return std::to_string(ms) + " ms";
    const auto seconds = ms / 1000;
    if (seconds < 60) return std::to_string(seconds) + " s";
    const auto pair = [](auto big, const char* big_unit, auto small, const char* small_unit) {
        std::string text = std::to_string(big) + big_unit;
        if (small != 0) text += " " + std::to_string(small) + small_unit;
        return text;
    };
    if (seconds < 3600) return pair(seconds / 60, " min", seconds % 60, " s");
    if (seconds < 86400) return pair(seconds / 3600, " h", seconds % 3600 / 60, " min");
    return pair(seconds / 86400, " d", seconds % 86400 / 3600, " h");
}

}  // namespace elasticity
