#include "core/plugin_host/upgrade/upgrade_rules.hpp"

#include <set>
#include <utility>

namespace elasticity {
namespace {

/// One wrong answer may be a wrong question.
constexpr std::size_t failures_min = 3;

std::set<std::pair<std::string, std::string>> identities(const Instances& instances) {
    std::set<std::pair<std::string, std::string>> found;
    for (const sdk::HostInstance& each : instances)
        if (each.state != sdk::HostState::gone) found.emplace(each.key, each.id);
    return found;
}

}  // namespace

std::vector<std::string> missing_workers(const Instances& old_before, const Instances& found_by_new,
                                         const Instances& old_after) {
    const auto found = identities(found_by_new);
    const auto still_there = identities(old_after);
    std::vector<std::string> missing;
    for (const auto& worker : identities(old_before))
        if (still_there.contains(worker) && !found.contains(worker)) missing.push_back(worker.first);
    return missing;
}

std::string unfitness(const HealthReading& health) {
    if (!health.lost.empty()) return health.lost;
    if (health.failed < failures_min || health.failed * 2 <= health.answered) return {};
    return std::to_string(health.failed) + " of " + std::to_string(health.answered) +
           " calls failed, the first with: " + health.first_error;
}

}  // namespace elasticity
