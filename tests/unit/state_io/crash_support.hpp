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

/// Runs `work` in a child that is killed without warning after `life`; the last number that it acknowledged.
inline std::uint64_t run_and_kill(std::chrono::microseconds life,
                                  const std::function<void(const Acknowledge&)>& work) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(pipe_ends[0]);
        work([&](std::uint64_t number) {
            if (::write(pipe_ends[1], &number, sizeof number) != sizeof number) ::_exit(3);
        });
        ::_exit(2);
    }
    ::close(pipe_ends[1]);
    std::this_thread::sleep_for(life);  // the moment of the crash is what is being chosen
    ::kill(child, SIGKILL);
    std::uint64_t number = 0;
    std::uint64_t last = 0;
    while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) last = number;
    ::close(pipe_ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    INFO("the child ended by itself with " << WEXITSTATUS(status));
    REQUIRE(WIFSIGNALED(status));
    return last;
}

}  // namespace elasticity
