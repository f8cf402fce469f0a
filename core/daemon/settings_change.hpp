#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elasticity {

/// Names of the backends whose settings differ between two valid texts, where nothing else does and where a new
/// generation of their plugins can take the change over; nothing where the module must start again. Which plugin it
/// is, and `max_instances`, are the module's.
std::optional<std::vector<std::string>> backends_to_upgrade(std::string_view before, std::string_view after);

}  // namespace elasticity
