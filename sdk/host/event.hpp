#pragma once
#include <elasticity/sdk/abi.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "sdk/host/error.hpp"

namespace elasticity::sdk {

/// The numbers are those of ELS_EV_*; one that this host does not know reads as changed.
enum class HostEventKind : std::uint32_t {
    changed = ELS_EV_CHANGED,
    gone = ELS_EV_GONE,
    missed = ELS_EV_MISSED,
};

/// A hint to look at an instance, owned. Texts are valid UTF-8; one of key and id may be empty, and both are
/// where events were missed.
struct HostEvent {
    HostEventKind kind = HostEventKind::changed;
    std::string key, id;
    std::string cursor;  ///< where a later watch goes on
    std::string detail;  ///< JSON object, or empty
    std::optional<std::int64_t> unix_ms;

    bool operator==(const HostEvent&) const = default;
};

/// Called for each event, one at a time, on a thread of the plugin's choice. Must not block or throw.
using OnEvent = std::function<void(HostEvent)>;

/// Copies what a plugin emitted, or says what is wrong with it.
HostResult<HostEvent> event_from(const els_event* emitted);

/// A sink that hands each event on. One that breaks the contract is refused, and all after it.
class EventForwarder {
public:
    explicit EventForwarder(const OnEvent& on_event);
    EventForwarder(const EventForwarder&) = delete;
    EventForwarder& operator=(const EventForwarder&) = delete;

    els_event_sink* sink() { return &sink_; }

    /// What was wrong with an event, if anything was.
    std::optional<HostError> broken() const;

private:
    els_code forward(const els_event* emitted);

    const OnEvent& on_event_;
    mutable std::mutex mutex_;  // The contract lets a plugin emit from several threads.
    std::optional<HostError> broken_;
    els_event_sink sink_;
};

}  // namespace elasticity::sdk
