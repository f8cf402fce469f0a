#pragma once
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

/// What both sides of the sweep agree on: which queues there are, and how a sweep is told.
namespace elasticity::bench {

/// One queue in so many does not exist (sweep.py declares the others).
constexpr std::size_t missing_every = 20;

inline std::vector<std::string> sweep_queues(std::size_t count) {
    std::vector<std::string> names;
    names.reserve(count);
    for (std::size_t i = 0; i < count; ++i) names.push_back("sweep-" + std::to_string(i));
    return names;
}

struct Sweep {
    std::size_t present = 0;
    std::size_t missing = 0;
    std::size_t frames_sent = 0;
};

/// Runs `sweep` for each line of standard input, and answers with "nanoseconds present missing frames".
template <class Work>
int answer_lines(Work sweep) {
    std::puts("ready");
    std::fflush(stdout);
    char line[64];
    while (std::fgets(line, sizeof line, stdin)) {
        const auto began = std::chrono::steady_clock::now();
        const Sweep done = sweep(std::string(line));
        const auto took = std::chrono::steady_clock::now() - began;
        std::printf("%lld %zu %zu %zu\n",
                    static_cast<long long>(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count()),
                    done.present, done.missing, done.frames_sent);
        if (std::fflush(stdout) != 0) return 1;
    }
    return 0;
}

}  // namespace elasticity::bench
