#pragma once
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/model/finding.hpp"
#include "core/plan/plan_tool.hpp"

namespace elasticity {

enum class ToolState { accepted, unchanged, rejected, deploying, running, degraded, failed, paused, removing, removed };

std::string_view to_text(ToolState state);

/// A status message (contract, section 3), but for what is known only when it is sent: module, sequence, time.
struct Status {
    std::string request_id;
    std::uint64_t generation = 0;
    std::string target_url;
    std::string tool;  ///< "" becomes null
    std::string kind;
    std::vector<std::string> extractors;
    ToolState state = ToolState::rejected;
    std::uint32_t desired = 0;
    std::uint32_t running = 0;
    std::uint32_t consuming = 0;
    std::uint32_t updated = 0;  ///< running with the present spec
    std::map<std::string, std::uint32_t> backends;  ///< running, by backend
    std::string reason;
    Findings errors;
};

boost::json::object to_json(const Status& status);

/// What a tool's situation is, in a word and a sentence. `target_url` is how statuses name its target.
Status decide_status(const ToolView& view, const ToolPlan& plan, const std::string& target_url, TimePoint now);

/// Whether a new status says something new: a state change is published, a scaling step is not.
bool is_news(const Status& before, const Status& after);

}  // namespace elasticity
