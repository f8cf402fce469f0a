#include "core/daemon/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

namespace elasticity {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds repeat_interval{10};
constexpr std::size_t remembered_max = 1024;

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    __builtin_unreachable();
}

/// Remembers what was written lately.
class Repeats {
public:
    /// Nothing when the line is to be left out, else how often it was since it was last written.
    std::optional<std::size_t> admit(const std::string& line) {
        const std::scoped_lock lock(mutex_);
        const auto now = SteadyClock::now();
        if (now - swept_ >= repeat_interval || seen_.size() > remembered_max) sweep(now);
        Seen& seen = seen_[line];
        if (seen.written != SteadyClock::time_point{} && now - seen.written < repeat_interval) {
            ++seen.left_out;
            return std::nullopt;
        }
        seen.written = now;
        return std::exchange(seen.left_out, 0);
    }

private:
    struct Seen {
        SteadyClock::time_point written{};
        std::size_t left_out = 0;
    };
    /// Not with each line: a burst of different lines must not look at all of them for each.
    void sweep(SteadyClock::time_point now) {
        std::erase_if(seen_, [&](const auto& item) {
            return item.second.left_out == 0 && now - item.second.written >= repeat_interval;
        });
        if (seen_.size() > remembered_max / 2) seen_.clear();
        swept_ = now;
    }

    std::mutex mutex_;
    std::unordered_map<std::string, Seen> seen_;
    SteadyClock::time_point swept_{};
};

struct Logger {
    std::shared_ptr<spdlog::logger> out = spdlog::stderr_logger_mt("elasticity");
    LogFormat format = LogFormat::text;
    Repeats repeats;
};

Logger& logger() {
    static Logger instance;
    return instance;
}

}  // namespace

void start_log(const LogSettings& settings) {
    Logger& log = logger();
    log.format = settings.format;
    log.out->set_level(level_of(settings.level));
    log.out->flush_on(spdlog::level::debug);
    const bool json = settings.format == LogFormat::json;
    log.out->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                         spdlog::pattern_time_type::utc);
}

void log_line(LogLevel level, std::string_view source, std::string_view text) {
    Logger& log = logger();
    if (!log.out->should_log(level_of(level))) return;
    std::string line = std::string(source) + ": " + std::string(text);
    const auto left_out = log.repeats.admit(line);
    if (!left_out) return;
    std::string message(text);
    if (*left_out > 0) message += " (" + std::to_string(*left_out) + " more times since)";
    namespace json = boost::json;
    if (log.format == LogFormat::json)
        line = "\"source\":" + json::serialize(json::string(source)) + ",\"message\":" + json::serialize(json::string(message));
    else
        line = std::string(source) + ": " + message;
    log.out->log(level_of(level), spdlog::string_view_t(line));
}

}  // namespace elasticity
