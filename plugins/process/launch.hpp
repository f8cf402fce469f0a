#pragma once
#include <elasticity/sdk/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/process/common/protocol.hpp"

namespace elasticity::process {

/// How far from the daemon a worker is put. README.md tells what that protects from.
enum class Detachment {
    system_scope,  ///< a systemd scope of its own
    user_scope,    ///< a scope of the user's systemd
    session,       ///< a session of its own: no systemd here
};

/// What this machine offers to this user.
Detachment best_detachment();

/// The command that starts the shim: itself, or systemd-run, which becomes it.
std::vector<std::string> launch_command(Detachment detachment, const std::string& shim,
                                        std::string_view owner, std::string_view key);

/// Starts the shim and waits for its reply, until the call's deadline or cancellation: then throws with
/// MAYBE_DONE, since a shim that was already detached goes on.
Reply launch(const sdk::Call& call, const std::vector<std::string>& command, const Request& request);

}  // namespace elasticity::process
