// A worker as the engine's JSON: the body of a create request, and instances from what the engine lists.
#pragma once
#include <boost/json/fwd.hpp>
#include <elasticity/sdk/types.hpp>
#include <string>
#include <string_view>

#include "plugins/docker/settings.hpp"
#include "plugins/docker/worker_spec.hpp"

namespace elasticity::docker {

/// The labels by which a worker is found again; they are all that is remembered of it.
namespace label {
inline constexpr std::string_view owner = "org.elasticity.owner";
inline constexpr std::string_view key = "org.elasticity.key";
inline constexpr std::string_view tool = "org.elasticity.tool";
inline constexpr std::string_view spec_hash = "org.elasticity.spec_hash";
inline constexpr std::string_view backend = "org.elasticity.backend";
}  // namespace label

/// Who creates: the install, and the backend's name in its settings.
struct Creator {
    std::string_view owner;
    std::string_view backend;
};

/// The spec's name where the engine accepts it (it wants two characters), else one made from the key.
std::string container_name(const sdk::Spec& spec);

/// Body of POST /containers/create.
boost::json::object container_config(const Creator& creator, const sdk::Spec& spec, const WorkerSpec& worker,
                                     const Settings& settings);

/// From an element of GET /containers/json. Exit code and error are not in there.
sdk::Instance instance_from_summary(const boost::json::object& summary);

/// From GET /containers/ID/json.
sdk::Instance instance_from_details(const boost::json::object& details);

/// The value of a label; empty when it is not there. `labels` may be null, as the engine sends it.
std::string label_of(const boost::json::value& labels, std::string_view name);

/// The engine's word for a container's state as ELS_ST_*; `exit_code` counts for "exited" alone.
std::uint32_t state_of(std::string_view status, std::int64_t exit_code);

/// Unix time of "2026-11-22T10:43:01.518468671Z"; 0 for the engine's zero time and for what is no time.
std::int64_t unix_ms_of(std::string_view timestamp);

}  // namespace elasticity::docker
