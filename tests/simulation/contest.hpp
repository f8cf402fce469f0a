#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/workloads.hpp"
#include "tests/simulation/world.hpp"

namespace elasticity::simulation {

/// What a policy may see of its tool.
struct Observation {
    std::uint64_t ready = 0;
    std::uint64_t unacknowledged = 0;
    std::uint32_t consumers = 0;
    std::uint64_t done = 0;       ///< messages acknowledged so far
    std::uint32_t instances = 0;  ///< ordered, booting or running
};

/// Sizes one tool; asked each second, it has its own idea of when it looks.
using ReferencePolicy = std::function<std::uint32_t(const Observation&, TimePoint now)>;

struct Contestant {
    std::string name;
    std::function<ReferencePolicy()> make;  ///< empty: the real control loop
};

/// Ours first, each with its defaults, and all with at most 20 instances and 20 messages for each.
std::vector<Contestant> all_contestants();

struct Outcome {
    double drain_s = 0;      ///< from the last message published to the last one done
    double in_system_s = 0;  ///< of all jobs together: waiting and in work
    double worker_s = 0;     ///< of all that were booting or running, until the horizon
    std::size_t scale_actions = 0;
    std::uint64_t jobs = 0;
    std::uint64_t run_twice = 0;
    bool drained = true;

    Outcome& operator+=(const Outcome& other);
};

/// The workload and half an hour more, with workers that boot for 30 s and jobs of 1 to 5 s. Queues are read without
/// delay and without fault, for all alike.
Outcome run_contest(const Workload& workload, const Contestant& contestant);

/// Whether `ours` is more than 5 % worse than `theirs` in its worker-seconds and in one of its times.
bool loses(const Outcome& ours, const Outcome& theirs);

/// How one contestant did in all workloads of a name, added up.
struct Standing {
    std::string workload;
    std::string policy;
    std::size_t rounds = 0;
    Outcome outcome;
    bool ours_loses = false;      ///< to this one
    std::size_t rounds_lost = 0;  ///< in how many of the rounds, each by itself
};

/// All contestants in all workloads, ours first in each. How a single random trace ends is chance: their sum counts.
std::vector<Standing> run_contests(std::uint64_t traces);

}  // namespace elasticity::simulation
