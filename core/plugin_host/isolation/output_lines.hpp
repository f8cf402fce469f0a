#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace elasticity {

/// What a plugin's process writes to standard output and error, as lines for the log: made valid UTF-8 and without
/// control characters, cut at 1 KiB, at most 50 in ten seconds. What is left out is counted and told.
class OutputLines {
public:
    using Clock = std::chrono::steady_clock;
    using Write = std::function<void(const std::string& line)>;

    explicit OutputLines(Write write) : write_(std::move(write)) {}

    void feed(std::string_view bytes, Clock::time_point now);
    /// Also the line that has no end, and how many were left out.
    void finish();

private:
    void end_line(Clock::time_point now);
    void tell_left_out();

    Write write_;
    std::string line_;
    Clock::time_point window_began_{};
    std::size_t written_ = 0;  // In this window.
    std::size_t left_out_ = 0;
};

}  // namespace elasticity
