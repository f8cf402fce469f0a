#pragma once
#include <elasticity/sdk/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/process/account.hpp"

namespace elasticity::process {

/// The whole environment of a worker, as "NAME=value": PATH, HOME, USER and LANG unless the spec has its own,
/// what the spec says, and the identity by which a worker is found again. Nothing of the daemon's own. Throws
/// sdk::Error for a name that cannot be a variable's, or is one of the identity's.
std::vector<std::string> worker_environment(const sdk::Spec& spec, std::string_view owner,
                                            const Account& account);

/// The value of `name` in it; empty if there is none.
std::string_view value_in(const std::vector<std::string>& environment, std::string_view name);

}  // namespace elasticity::process
