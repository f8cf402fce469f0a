#include "sdk/check/run_checks.hpp"

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>

#include "sdk/check/step.hpp"

namespace elasticity::check {
namespace {

namespace fs = std::filesystem;

/// The folder of one check, gone with it.
class Scratch {
public:
    Scratch() : path_((fs::temp_directory_path() / "elasticity-check.XXXXXX").string()) {
        if (mkdtemp(path_.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(), "cannot make a folder like " + path_);
        fs::create_directory(path_ + "/state");
    }
    ~Scratch() {
        std::error_code ignored;  // A worker's last words may still be written to its log.
        fs::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

Subject subject_in(const Scratch& scratch, Subject subject) {
    subject.scratch = scratch.path();
    subject.owner = "els-check-" + random_hex(6);
    return subject;
}

Verdict verdict_of(const StepEnd& end) {
    if (end.verdict) return *end.verdict;
    return {end.timed_out ? Status::fail : Status::crashed, "the process of the check " + end.text()};
}

void destroy_leftovers_of(const Subject& subject, const RunOptions& options, Verdict& verdict) {
    const StepEnd end = run_step(subject, "destroy-leftovers", options.timeout);
    if (end.verdict && end.verdict->status == Status::pass) return;
    if (verdict.status == Status::pass) verdict.status = Status::warning;
    verdict.message += (verdict.message.empty() ? "" : "; ") +
                       ("what it made may be left behind, look for the owner " + subject.owner + ": " +
                        (end.verdict ? end.verdict->message : "the process " + end.text()));
}

Result run_one(const Subject& all, const Check& check, const RunOptions& options) {
    const auto began = std::chrono::steady_clock::now();
    const Scratch scratch;
    const Subject subject = subject_in(scratch, all);
    const StepEnd end = run_step(subject, check.name, options.timeout);
    Result result{&check, verdict_of(end), 0, {}};
    if (check.creates && result.verdict.status != Status::skipped)
        destroy_leftovers_of(subject, options, result.verdict);
    if (result.verdict.status == Status::fail || result.verdict.status == Status::crashed)
        result.output = end.output;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return result;
}

}  // namespace

std::vector<Result> run_checks(const Subject& subject, const std::vector<const Check*>& checks,
                               const RunOptions& options) {
    std::vector<Result> results(checks.size());
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::size_t done = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < checks.size(); i = next++) {
            const bool is_interrupted = options.is_interrupted && options.is_interrupted();
            results[i] = is_interrupted ? Result{checks[i], {Status::skipped, "interrupted"}, 0, {}}
                                        : run_one(subject, *checks[i], options);
            const std::lock_guard lock(mutex);
            ++done;
            if (options.progress) options.progress(done, results[i]);
        }
    };
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < std::max(1u, options.jobs); ++i) workers.emplace_back(work);
    for (std::thread& worker : workers) worker.join();
    return results;
}

std::string identify(const Subject& subject, std::chrono::milliseconds timeout) {
    const Scratch scratch;
    const StepEnd end = run_step(subject_in(scratch, subject), "identify", timeout);
    return end.verdict && end.verdict->status == Status::pass ? end.verdict->message : std::string();
}

}  // namespace elasticity::check
