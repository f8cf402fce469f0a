#pragma once
#include "core/model/finding.hpp"
#include "core/state/desired_state.hpp"

namespace elasticity {

/// A hand edit brought together with what was committed since it began.
struct Merged {
    DesiredState state;  ///< of use when there are no conflicts
    Findings conflicts;
    bool changed = false;  ///< whether `state` differs from `current`
};

/// Three-way merge, tool by tool. `base` is the generation that the edit carries, `edited` what the person
/// saved, `current` what is in force; `generation` is that of the commit to come. A tool that the person took
/// out is put on its way out, as by a `remove` message. What both sides changed is a conflict.
Merged merge_hand_edit(const DesiredState& base, const DesiredState& edited, const DesiredState& current,
                       std::uint64_t generation);

}  // namespace elasticity
