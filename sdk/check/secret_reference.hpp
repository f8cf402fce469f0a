#pragma once
#include <string>
#include <string_view>

#include "sdk/host/error.hpp"

namespace elasticity::check {

/// The value behind {"file": PATH} or {"env": NAME}, which the core's settings may hold too. The error names
/// the kind of the reference, never a value.
sdk::HostResult<std::string> resolve_secret(std::string_view reference);

}  // namespace elasticity::check
