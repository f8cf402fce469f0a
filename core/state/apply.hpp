#pragma once
#include <string>
#include <vector>

#include "core/intake/message.hpp"
#include "core/state/desired_state.hpp"

namespace elasticity {

enum class Verdict { accepted, unchanged, rejected, described };

/// What a command did to the desired state.
struct Applied {
    std::string tool;
    Verdict verdict = Verdict::rejected;
    std::string reason;
    Findings findings;
};

/// Applies one message to `state`, each of its tools on its own. `generation` is that of the commit to come;
/// `state.generation` is left alone. `request_id` must not be empty. Equal requests change nothing.
std::vector<Applied> apply(DesiredState& state, const Message& message, const std::string& request_id,
                           std::uint64_t generation);

/// Takes a tool whose removal is complete out of the state. False when it is not there or not on its way out.
bool forget(DesiredState& state, const ToolKey& key);

}  // namespace elasticity
