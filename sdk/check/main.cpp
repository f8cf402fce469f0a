#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>

#include "sdk/check/arguments.hpp"
#include "sdk/check/report.hpp"
#include "sdk/check/step.hpp"

namespace {

using namespace elasticity::check;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

/// The first signal lets the checks that run tidy up; the second one ends the program at once.
void await_interrupts() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
}

void show_progress(std::size_t done, std::size_t all, const Result& last) {
    std::fprintf(stderr, "\r\x1b[K%zu of %zu: %s", done, all, done == all ? "" : last.check->name);
    if (done == all) std::fputs("\r\x1b[K", stderr);
}

Report run(const Arguments& arguments) {
    const auto began = std::chrono::steady_clock::now();
    await_interrupts();
    RunOptions options;
    options.timeout = std::chrono::seconds(arguments.timeout_s);
    options.jobs = arguments.jobs;
    options.is_interrupted = [] { return interrupted.load(); };
    if (isatty(STDERR_FILENO) != 0)
        options.progress = [all = arguments.checks.size()](std::size_t done, const Result& last) {
            show_progress(done, all, last);
        };
    Report report;
    report.file = arguments.subject.file;
    report.plugin = identify(arguments.subject, options.timeout);
    report.is_selection = arguments.checks.size() < all_checks().size();
    report.results = run_checks(arguments.subject, arguments.checks, options);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return report;
}

int check_plugin(const Arguments& arguments) {
    const Report report = run(arguments);
    std::fputs((arguments.json ? to_json(report) : to_text(report)).c_str(), stdout);
    if (!arguments.junit_file.empty()) {
        std::ofstream file(arguments.junit_file, std::ios::trunc);
        file << to_junit(report);
        file.close();
        if (!file) {
            std::fprintf(stderr, "elasticity-plugin-check: %s: cannot be written\n",
                         arguments.junit_file.c_str());
            return exit_failed;
        }
    }
    return report.is_good(arguments.strict) && !interrupted ? 0 : exit_failed;
}

}  // namespace

int main(int count, char** values) {
    try {
        const auto parsed = parse_arguments(count, values);
        if (const auto* end = std::get_if<EarlyEnd>(&parsed)) {
            std::fputs(end->text.c_str(), end->exit_code == 0 ? stdout : stderr);
            return end->exit_code;
        }
        const Arguments& arguments = std::get<Arguments>(parsed);
        if (!arguments.step.empty()) perform_step(arguments.subject, arguments.step);
        if (!arguments.list) return check_plugin(arguments);
        std::fputs((arguments.markdown ? list_markdown() : list_text()).c_str(), stdout);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "elasticity-plugin-check: %s\n", error.what());
        return exit_failed;
    }
}
