#include "core/scaling/drain_time.hpp"

#include <algorithm>
#include <cmath>

namespace elasticity {
namespace {

/// More instances than any limit allows, and exact as a double.
constexpr double instances_max = 1e9;

std::uint64_t whole_instances(double instances) {
    // What is whole but for rounding is not one more.
    return static_cast<std::uint64_t>(std::ceil(std::clamp(instances - 1e-9, 0.0, instances_max)));
}

}  // namespace

std::uint64_t instances_to_drain(const DrainDemand& demand) {
    const double growth_per_s = demand.arrivals_per_s - demand.finished_per_s * demand.consumers;
    const double left = std::max(0.0, demand.messages + growth_per_s * demand.boot_s);
    const double time_s = std::max(demand.drain_s - demand.boot_s, demand.drain_s / 4);
    const auto need = whole_instances((demand.arrivals_per_s + left / time_s) / demand.finished_per_s);
    const auto keep = whole_instances((demand.arrivals_per_s + demand.messages / demand.drain_s) / demand.finished_per_s);
    return std::max(need, std::min<std::uint64_t>(keep, demand.supply));
}

}  // namespace elasticity
