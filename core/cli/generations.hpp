#pragma once
#include <cstdint>
#include <filesystem>

#include "core/daemon/settings.hpp"
#include "core/io/state/history.hpp"
#include "core/state/desired_state.hpp"

namespace elasticity::cli {

// All of this reads beside a running daemon, and takes no lock.

History history_of(const Settings& settings);
std::filesystem::path tools_path_of(const Settings& settings);

/// What was wished for as of one generation.
Result<DesiredState> read_generation(const History& history, std::uint64_t generation);

/// The generation that is kept before this one; error `not_found` when none is, but for the first of all,
/// which began from nothing.
Result<DesiredState> read_generation_before(const History& history, std::uint64_t generation);

}  // namespace elasticity::cli
