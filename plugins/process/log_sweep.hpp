#pragma once
#include <chrono>
#include <set>
#include <string>

namespace elasticity::process {

/// Removes log files that were last written more than `keep` ago and belong to none of the workers named.
/// Returns how many went. Files that are no worker's log are left alone.
unsigned sweep_logs(const std::string& log_dir, const std::set<std::string>& names,
                    std::chrono::seconds keep);

}  // namespace elasticity::process
