#include "job.hpp"

#include <boost/json.hpp>
#include <cstdio>
#include <ctime>

namespace example {
namespace {

constexpr std::int64_t work_ms_max = 60'000;

std::string utc_text(std::chrono::system_clock::time_point now) {
    const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    const std::time_t seconds = since_epoch.count() / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char date[32];
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    char text[48];
    std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(since_epoch.count() % 1000));
    return text;
}

}  // namespace

std::optional<Job> parse_job(const std::string& text) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(text, error);
    const boost::json::object* object = error ? nullptr : value.if_object();
    if (object == nullptr) {
        return std::nullopt;
    }
    const boost::json::value* id = object->if_contains("id");
    const boost::json::value* work_ms = object->if_contains("work_ms");
    if (id == nullptr || !id->is_int64() || work_ms == nullptr || !work_ms->is_int64()) {
        return std::nullopt;
    }
    if (work_ms->get_int64() < 0 || work_ms->get_int64() > work_ms_max) {
        return std::nullopt;
    }
    return Job{id->get_int64(), std::chrono::milliseconds(work_ms->get_int64())};
}

std::string result_text(const Job& job, const std::string& worker,
                        std::chrono::system_clock::time_point now) {
    const boost::json::object result = {{"id", job.id}, {"worker", worker}, {"time", utc_text(now)}};
    return boost::json::serialize(result);
}

}  // namespace example
