#include "sdk/host/event.hpp"

#include <utility>

#include "sdk/host/collect.hpp"
#include "sdk/host/views.hpp"

namespace elasticity::sdk {
namespace {

HostEventKind kind_from(std::uint32_t number) {
    return number <= ELS_EV_MISSED ? static_cast<HostEventKind>(number) : HostEventKind::changed;
}

}  // namespace

HostResult<HostEvent> event_from(const els_event* emitted) {
    if (!ELS_HAS(emitted, els_event, unix_ms))
        return host_error(ELS_INTERNAL, "the plugin emitted an event shorter than that of ABI 1.0");
    if (!are_sound({emitted->key, emitted->id, emitted->cursor, emitted->detail}))
        return host_error(ELS_INTERNAL, "the plugin emitted an event with a null text or one over 64 KiB");
    HostEvent event;
    event.kind = kind_from(emitted->kind);
    event.key = owned(emitted->key);
    event.id = owned(emitted->id);
    event.cursor = owned(emitted->cursor);
    event.detail = owned(emitted->detail);
    if (emitted->unix_ms != 0) event.unix_ms = emitted->unix_ms;
    return event;
}

EventForwarder::EventForwarder(const OnEvent& on_event) : on_event_(on_event) {
    const auto emit = [](void* self, const els_event* emitted) noexcept -> els_code {
        return without_exceptions([&] { return static_cast<EventForwarder*>(self)->forward(emitted); });
    };
    sink_ = {sizeof sink_, 0, this, emit};
}

std::optional<HostError> EventForwarder::broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
}

els_code EventForwarder::forward(const els_event* emitted) {
    const std::lock_guard lock(mutex_);
    if (broken_) return broken_->code;
    HostResult<HostEvent> event = event_from(emitted);
    if (event.has_error()) {
        broken_ = event.error();
        return broken_->code;
    }
    on_event_(std::move(*event));
    return ELS_OK;
}

}  // namespace elasticity::sdk
