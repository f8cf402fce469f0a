#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "sdk/host/instance.hpp"

namespace elasticity {

using Instances = std::vector<sdk::HostInstance>;

/// Keys of the workers that the old generation found before and after the new one was asked, and that the new one
/// does not find under the same key and id. A worker that came or went meanwhile is not among them.
std::vector<std::string> missing_workers(const Instances& old_before, const Instances& found_by_new,
                                         const Instances& old_after);

/// What became of a generation's calls since it was opened.
struct HealthReading {
    std::size_t in_flight = 0;
    std::size_t answered = 0;
    std::size_t failed = 0;   ///< of those: INTERNAL or UNKNOWN, which a sound plugin has no use for
    std::string first_error;  ///< of those
    std::string lost;         ///< why its process was lost the first time; empty: never
};

/// Why the generation must not stay in the window after it took over; empty: it may.
std::string unfitness(const HealthReading& health);

}  // namespace elasticity
