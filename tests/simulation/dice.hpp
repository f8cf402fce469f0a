#pragma once
#include <cstdint>
#include <random>

namespace elasticity::simulation {

/// Every choice of a simulated world: the same seed gives the same world on every machine.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    /// 0 to `sides` - 1.
    std::uint64_t roll(std::uint64_t sides) { return engine_() % sides; }
    bool percent(std::uint64_t chance) { return roll(100) < chance; }

private:
    std::mt19937_64 engine_;
};

}  // namespace elasticity::simulation
