#pragma once
#include <elasticity/sdk/abi.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "sdk/host/collect.hpp"
#include "sdk/host/error.hpp"
#include "sdk/host/instance.hpp"

namespace elasticity::sdk {

/// Makes a call with an els_error to fill, and turns both into a result.
template <class Function>
HostResult<> invoke(Function&& function) {
    els_error error{};
    error.size = sizeof error;
    const els_code code = function(&error);
    if (code == ELS_OK) return {};
    return error_from(code, error);
}

/// For calls that write text, of at most 1 MiB.
template <class Function>
HostResult<std::string> collect_text(Function&& function) {
    constexpr std::size_t text_max_bytes = 1024 * 1024;
    TextCollector text(text_max_bytes);
    const HostResult<> done = invoke([&](els_error* error) { return function(text.sink(), error); });
    if (done.has_error()) return done.error();
    return text.text();
}

/// For calls that emit instances. What was wrong with one of them explains the code that followed.
template <class Function>
HostResult<std::vector<HostInstance>> collect_instances(std::size_t max_instances, Function&& function) {
    InstanceCollector instances(max_instances);
    const HostResult<> done = invoke([&](els_error* error) { return function(instances.sink(), error); });
    HostResult<std::vector<HostInstance>> taken = instances.take();
    if (taken.has_value() && done.has_error()) return done.error();
    return taken;
}

/// For calls that emit one instance. `flags_if_broken`: what an answer that breaks the contract leaves open.
template <class Function>
HostResult<HostInstance> collect_one(std::uint32_t flags_if_broken, Function&& function) {
    InstanceCollector instances(1);
    const HostResult<> done = invoke([&](els_error* error) { return function(instances.sink(), error); });
    HostResult<std::vector<HostInstance>> taken = instances.take();
    if (taken.has_value() && done.has_error()) return done.error();
    if (taken.has_value() && taken->size() == 1) return std::move(taken->front());
    HostError broken = taken.has_error() ? taken.error()
                                         : host_error(ELS_INTERNAL, "the plugin emitted 0 instances and said "
                                                                    "OK, wanted one");
    broken.flags |= flags_if_broken;
    return broken;
}

/// As the contract carries it: never negative, at most 49 days.
inline std::uint32_t grace_ms_of(std::chrono::milliseconds grace) {
    constexpr std::int64_t grace_max_ms = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(grace.count(), 0, grace_max_ms));
}

}  // namespace elasticity::sdk
