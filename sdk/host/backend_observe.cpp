// What a plugin sees of many machines at once, and what it tells without being asked.
#include <set>
#include <string_view>

#include "sdk/host/backend.hpp"
#include "sdk/host/invoke.hpp"
#include "sdk/host/views.hpp"

namespace elasticity::sdk {
namespace {

/// The first key that no target has, or null.
const std::string* unasked_key(const std::vector<HostInstance>& sampled,
                               const std::vector<HostTarget>& targets) {
    std::set<std::string_view> asked;
    for (const HostTarget& target : targets) asked.insert(target.machine_key);
    for (const HostInstance& instance : sampled)
        if (asked.count(instance.key) == 0) return &instance.key;
    return nullptr;
}

}  // namespace

HostResult<std::vector<HostInstance>> Backend::sample(HostCall& call,
                                                      const std::vector<HostTarget>& targets) {
    const auto* metrics = find<els_metrics_v1>(ELS_IF_METRICS);
    if (!ELS_HAS_FN(metrics, els_metrics_v1, sample)) return not_offered(ELS_IF_METRICS, "sample machines");
    std::vector<els_target> machines;
    machines.reserve(targets.size());
    for (const HostTarget& target : targets) machines.push_back(borrowed_target(target));
    std::vector<const els_target*> pointers;
    for (const els_target& machine : machines) pointers.push_back(&machine);

    HostResult<std::vector<HostInstance>> sampled =
        collect_instances(targets.size(), [&](els_instance_sink* sink, els_error* error) {
            return metrics->sample(backend_, call.get(), pointers.data(), pointers.size(), sink, error);
        });
    if (sampled.has_error()) return sampled;
    if (const std::string* key = unasked_key(*sampled, targets))
        return host_error(ELS_INTERNAL, "the plugin sampled '" + *key + "', which is no machine of the call");
    return sampled;
}

HostResult<> Backend::watch(HostCall& call, const std::string& cursor, const OnEvent& on_event) {
    const auto* events = find<els_events_v1>(ELS_IF_EVENTS);
    if (!ELS_HAS_FN(events, els_events_v1, watch)) return not_offered(ELS_IF_EVENTS, "watch for events");
    EventForwarder forwarder(on_event);
    const HostResult<> done = invoke([&](els_error* error) {
        return events->watch(backend_, call.get(), view_of(cursor), forwarder.sink(), error);
    });
    if (const std::optional<HostError> broken = forwarder.broken()) return *broken;
    return done;
}

}  // namespace elasticity::sdk
