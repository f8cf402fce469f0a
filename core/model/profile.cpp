#include "core/model/profile.hpp"

#include <boost/json.hpp>
#include <string_view>

namespace elasticity {
namespace json = boost::json;
namespace {

/// Each profile gives the same fields, so that a tool can leave that of the settings for any other. `balanced` is
/// what ScalingPolicy says by default.
json::object preset(std::string_view profile) {
    if (profile == "latency")
        return {{"backlog_per_instance", 1}, {"drain_time_s", 60},    {"dead_band", "0%"},  {"up_cooldown_s", 0},
                {"down_cooldown_s", 120},    {"look_back_s", 300},    {"idle_s", 900},      {"up_step_max", "never"}};
    if (profile == "cost")
        return {{"backlog_per_instance", 50}, {"drain_time_s", 1'800}, {"dead_band", "20%"}, {"up_cooldown_s", 60},
                {"down_cooldown_s", 30},      {"look_back_s", 30},     {"idle_s", 60},       {"up_step_max", "50%"}};
    return {{"backlog_per_instance", 20}, {"drain_time_s", 300}, {"dead_band", "10%"}, {"up_cooldown_s", 0},
            {"down_cooldown_s", 60},      {"look_back_s", 60},   {"idle_s", 300},      {"up_step_max", "never"}};
}

}  // namespace

json::object with_profile(const json::object& fields) {
    const json::value* profile = fields.if_contains("profile");
    if (!profile) return fields;
    json::object all = preset(std::string_view(profile->as_string()));
    for (const auto& member : fields) all[member.key()] = member.value();
    return all;
}

}  // namespace elasticity
