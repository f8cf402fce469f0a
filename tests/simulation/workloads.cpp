#include "tests/simulation/workloads.hpp"

#include <cmath>
#include <functional>
#include <numbers>

#include "tests/simulation/dice.hpp"

namespace elasticity::simulation {
namespace {

constexpr std::size_t minute = 60;

/// Whole messages whose sum follows the rate.
std::vector<std::uint32_t> arrivals_of(std::size_t seconds, const std::function<double(std::size_t)>& rate) {
    std::vector<std::uint32_t> arrivals;
    double owed = 0;
    for (std::size_t second = 0; second < seconds; ++second) {
        owed += rate(second);
        arrivals.push_back(static_cast<std::uint32_t>(owed));
        owed -= arrivals.back();
    }
    return arrivals;
}

/// Each minute another rate, mostly low, now and then high.
Workload trace(std::uint64_t seed) {
    Dice dice(seed);
    std::vector<double> rates;
    for (std::size_t i = 0; i < 30; ++i) {
        const double burst = dice.percent(15) ? 8.0 : 1.0;
        rates.push_back(burst * static_cast<double>(dice.roll(100)) / 100.0);
    }
    return {"trace", arrivals_of(30 * minute, [&](std::size_t second) { return rates[second / minute]; }), seed};
}

}  // namespace

std::vector<Workload> all_workloads(std::uint64_t traces) {
    std::vector<Workload> all;
    all.push_back({"step", arrivals_of(20 * minute, [](std::size_t) { return 2.0; })});
    all.push_back({"ramp", arrivals_of(20 * minute, [](std::size_t second) {
                       return 4.0 * static_cast<double>(second) / (20.0 * minute);
                   })});
    all.push_back({"spike", arrivals_of(20 * minute + 1, [](std::size_t second) {
                       return second % (10 * minute) == 0 ? 400.0 : 0.0;
                   })});
    all.push_back({"sine", arrivals_of(40 * minute, [](std::size_t second) {
                       return 2.0 - 2.0 * std::cos(2.0 * std::numbers::pi * static_cast<double>(second) / (10.0 * minute));
                   })});
    for (std::uint64_t seed = 1; seed <= traces; ++seed) all.push_back(trace(seed));
    return all;
}

}  // namespace elasticity::simulation
