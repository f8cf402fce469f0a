#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "sdk/check/subject.hpp"
#include "sdk/check/verdict.hpp"

namespace elasticity::check {

/// How a process ended that this program started of itself.
struct StepEnd {
    std::optional<Verdict> verdict;  ///< none where it ended before it came to one
    int signal = 0;                  ///< that killed it
    int exit_code = 0;
    bool timed_out = false;
    std::chrono::milliseconds limit{0};
    std::string output;  ///< beginning and end of what it printed

    /// "was killed by signal 11 (Segmentation fault)"
    std::string text() const;
};

/// Runs a check, or one of the steps beside them, in a process of its own; kills it after `limit`. Any
/// thread.
StepEnd run_step(const Subject& subject, const std::string& step, std::chrono::milliseconds limit);

/// The other side: runs the step in this process, and ends it with a verdict.
[[noreturn]] void perform_step(const Subject& subject, const std::string& step);

}  // namespace elasticity::check
