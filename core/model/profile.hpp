#pragma once
#include <boost/json/object.hpp>

namespace elasticity {

/// Puts the fields of the profile that `fields` names, if it names one, beneath those that it gives itself.
boost::json::object with_profile(const boost::json::object& fields);

}  // namespace elasticity
