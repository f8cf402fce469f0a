#pragma once
#include "tests/simulation/world.hpp"

namespace elasticity::simulation {

/// Checks a world in which nothing has failed and nothing was asked for a long time: every tool has what its
/// demand wants, nobody is left over, every wish was answered. Throws Breach.
void check_settled(const World& world);

/// A settled world is silent: lists, and nothing else. Lets five minutes pass. Throws Breach.
void check_silent(World& world);

}  // namespace elasticity::simulation
