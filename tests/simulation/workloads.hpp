#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/model/time.hpp"

namespace elasticity::simulation {

/// What comes into a queue: how many messages in each second.
struct Workload {
    std::string name;
    std::vector<std::uint32_t> arrivals;
    std::uint64_t seed = 0;  ///< of a trace, and of the jobs' durations
};

/// One of each kind: a step, a ramp, spikes, a sine; and a bursty trace for each seed from 1 on.
std::vector<Workload> all_workloads(std::uint64_t traces);

}  // namespace elasticity::simulation
