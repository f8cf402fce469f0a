#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace example {

/// {"id": 17, "work_ms": 200}
struct Job {
    std::int64_t id = 0;
    std::chrono::milliseconds work{0};
};

/// Nothing where the text is not a job, or one of more than a minute: RabbitMQ would think this worker dead.
std::optional<Job> parse_job(const std::string& text);

/// {"id": 17, "worker": "host-4711", "time": "2026-11-22T09:14:03.120Z"}
std::string result_text(const Job& job, const std::string& worker, std::chrono::system_clock::time_point now);

}  // namespace example
