#pragma once
#include <elasticity/sdk/abi.h>

#include <new>
#include <string>
#include <vector>

#include "sdk/host/instance.hpp"

namespace elasticity::sdk {

/// The barrier inside a sink: running out of memory is the one exception that it could throw into a plugin.
template <class Function>
els_code without_exceptions(Function&& function) noexcept {
    try {
        return function();
    } catch (const std::bad_alloc&) {
        return ELS_RESOURCE_EXHAUSTED;
    }
}

/// A sink that collects text, up to a limit. Lives on the stack of the call that it serves.
class TextCollector {
public:
    explicit TextCollector(std::size_t max_bytes);
    TextCollector(const TextCollector&) = delete;
    TextCollector& operator=(const TextCollector&) = delete;

    els_sink* sink() { return &sink_; }

    /// The text, made valid UTF-8.
    std::string text() const;

private:
    std::size_t max_bytes_;
    std::string text_;
    els_sink sink_;
};

/// A sink that collects instances, up to a limit.
class InstanceCollector {
public:
    explicit InstanceCollector(std::size_t max_instances);
    InstanceCollector(const InstanceCollector&) = delete;
    InstanceCollector& operator=(const InstanceCollector&) = delete;

    els_instance_sink* sink() { return &sink_; }

    /// The instances, or what was wrong with one of them.
    HostResult<std::vector<HostInstance>> take();

private:
    els_code add(const els_instance* emitted);

    std::size_t max_instances_;
    HostResult<std::vector<HostInstance>> instances_;
    els_instance_sink sink_;
};

}  // namespace elasticity::sdk
