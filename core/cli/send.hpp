#pragma once
#include "core/cli/arguments.hpp"
#include "core/cli/request.hpp"
#include "core/cli/terminal.hpp"
#include "core/daemon/settings.hpp"

namespace elasticity::cli {

/// A request id that nobody used before.
std::string fresh_request_id();

/// Publishes a request to the deploy queue of the settings; with `follow.wait`, prints what becomes of it.
/// Nothing is published for a waiting person when no module would answer.
ExitCode send(const Settings& settings, const Request& request, const FollowArguments& follow, bool json,
              Terminal& terminal);

}  // namespace elasticity::cli
