#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include "tests/unit/state_io/support.hpp"

namespace elasticity {

/// The seed of a test with chosen moments; ELASTICITY_SEED repeats a failure.
inline std::uint64_t test_seed() {
    const char* const given = std::getenv("ELASTICITY_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    WARN("ELASTICITY_SEED=" << seed);
    return seed;
}

/// How many rounds a crash loop makes; ELASTICITY_CRASH_ROUNDS asks for more.
inline int crash_rounds() {
    const char* const given = std::getenv("ELASTICITY_CRASH_ROUNDS");
    return given != nullptr ? std::atoi(given) : 200;
}

/// Tells the parent that a number is durable.
using Acknowledge = std::function<void(std::uint64_t)>;

/// When to kill: after so many acknowledgements, and a part of the time that one took.
struct Moment {
    int acknowledgements = 0;
    double part = 0;

    static Moment draw(std::mt19937_64& random) {
        const int acknowledgements = std::uniform_int_distribution(0, 3)(random);
        return {acknowledgements, std::uniform_real_distribution(0.0, 1.5)(random)};
    }
};

/// The child's side of `run_and_kill`.
[[noreturn]] inline void acknowledge_into(int pipe_end, const std::function<void(const Acknowledge&)>& work) {
    work([pipe_end](std::uint64_t number) {
        if (::write(pipe_end, &number, sizeof number) != sizeof number) ::_exit(3);
    });
    ::_exit(2);
}

/// Runs `work` in a child that is killed without warning; the last number that it acknowledged.
inline std::uint64_t run_and_kill(const Moment& moment, const std::function<void(const Acknowledge&)>& work) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child == 0) acknowledge_into(ends[1], work);
    ::close(ends[1]);
    std::uint64_t number = 0;
    std::uint64_t last = 0;
    for (int i = 0; i < moment.acknowledgements; ++i) {
        if (::read(ends[0], &number, sizeof number) == sizeof number) last = number;
    }
    // The moment of the crash is what is being chosen, so that there is no event to await.
    std::chrono::duration<double> one = std::chrono::milliseconds(10);
    if (last != 0) one = (std::chrono::steady_clock::now() - start) / moment.acknowledgements;
    std::this_thread::sleep_for(one * moment.part);
    ::kill(child, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == sizeof number) last = number;
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    INFO("the child ended by itself with " << WEXITSTATUS(status));
    REQUIRE(WIFSIGNALED(status));
    return last;
}

}  // namespace elasticity
