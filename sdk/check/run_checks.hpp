#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sdk/check/catalog.hpp"
#include "sdk/check/verdict.hpp"

namespace elasticity::check {

struct Result {
    const Check* check = nullptr;
    Verdict verdict;
    double seconds = 0;
    std::string output;  ///< beginning and end of what the plugin printed, where it failed or crashed
};

struct RunOptions {
    std::chrono::milliseconds timeout{45'000};  ///< of each check
    unsigned jobs = 4;                          ///< checks at once
    /// Asked before each check, by any thread: once true, those that run come to their end and are tidied up
    /// after, and the rest is skipped.
    std::function<bool()> is_interrupted;
    /// Called after each check, by any thread but never at once.
    std::function<void(std::size_t done, const Result& last)> progress;
};

/// Runs each check in a process of its own, and destroys in another one whatever it made. The results are in
/// the order of the checks.
std::vector<Result> run_checks(const Subject& subject, const std::vector<const Check*>& checks,
                               const RunOptions& options);

/// "org.elasticity.noop 1.0.0", or nothing where the plugin does not get so far as to say.
std::string identify(const Subject& subject, std::chrono::milliseconds timeout);

}  // namespace elasticity::check
