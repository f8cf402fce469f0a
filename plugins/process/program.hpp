#pragma once
#include <string>
#include <string_view>

namespace elasticity::process {

/// Where `name` is: itself if it holds a slash, else the first executable file of that name in `path`
/// ("/usr/bin:/bin"). Throws sdk::Error with "command_not_found" or "command_not_executable".
std::string find_program(const std::string& name, std::string_view path);

}  // namespace elasticity::process
