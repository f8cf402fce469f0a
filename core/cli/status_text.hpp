#pragma once
#include <boost/json/object.hpp>
#include <cstddef>
#include <string>

namespace elasticity::cli {

/// Takes out of a daemon's status every tool of another name or target; an empty one means all.
void keep_tools(boost::json::object& status, const std::string& tool, const std::string& target_url);

/// A daemon's status for people; `columns` cuts long lines off, 0 does not. `with_instances` lists them, too.
std::string to_text(const boost::json::object& status, bool with_instances, std::size_t columns);

}  // namespace elasticity::cli
