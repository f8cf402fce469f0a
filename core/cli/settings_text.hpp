#pragma once
#include <boost/json/object.hpp>

#include "core/daemon/settings.hpp"

namespace elasticity::cli {

/// The settings as they are in force, in the form in which an operator would write them: defaults filled in,
/// secrets as references.
boost::json::object to_json(const Settings& settings);

}  // namespace elasticity::cli
