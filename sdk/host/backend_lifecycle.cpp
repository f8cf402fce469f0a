// Instances that wait, suspended or stopped, and workers that finish what they hold.
#include "sdk/host/backend.hpp"
#include "sdk/host/invoke.hpp"
#include "sdk/host/views.hpp"

namespace elasticity::sdk {

HostResult<> Backend::suspend(HostCall& call, const HostRef& ref) {
    const auto* lifecycle = find<els_lifecycle_v1>(ELS_IF_LIFECYCLE);
    if (!ELS_HAS_FN(lifecycle, els_lifecycle_v1, suspend)) return not_offered(ELS_IF_LIFECYCLE, "suspend");
    const els_ref borrowed = borrowed_ref(ref);
    return invoke(
        [&](els_error* error) { return lifecycle->suspend(backend_, call.get(), &borrowed, error); });
}

HostResult<> Backend::resume(HostCall& call, const HostRef& ref) {
    const auto* lifecycle = find<els_lifecycle_v1>(ELS_IF_LIFECYCLE);
    if (!ELS_HAS_FN(lifecycle, els_lifecycle_v1, resume)) return not_offered(ELS_IF_LIFECYCLE, "resume");
    const els_ref borrowed = borrowed_ref(ref);
    return invoke(
        [&](els_error* error) { return lifecycle->resume(backend_, call.get(), &borrowed, error); });
}

HostResult<> Backend::stop(HostCall& call, const HostRef& ref, std::chrono::milliseconds grace) {
    const auto* lifecycle = find<els_lifecycle_v1>(ELS_IF_LIFECYCLE);
    if (!ELS_HAS_FN(lifecycle, els_lifecycle_v1, stop)) return not_offered(ELS_IF_LIFECYCLE, "stop");
    const els_ref borrowed = borrowed_ref(ref);
    return invoke([&](els_error* error) {
        return lifecycle->stop(backend_, call.get(), &borrowed, grace_ms_of(grace), error);
    });
}

HostResult<> Backend::start(HostCall& call, const HostRef& ref) {
    const auto* lifecycle = find<els_lifecycle_v1>(ELS_IF_LIFECYCLE);
    if (!ELS_HAS_FN(lifecycle, els_lifecycle_v1, start)) return not_offered(ELS_IF_LIFECYCLE, "start");
    const els_ref borrowed = borrowed_ref(ref);
    return invoke(
        [&](els_error* error) { return lifecycle->start(backend_, call.get(), &borrowed, error); });
}

HostResult<> Backend::begin_drain(HostCall& call, const HostRef& ref, const std::string& drain_signal) {
    const auto* drain = find<els_drain_v1>(ELS_IF_DRAIN);
    if (!ELS_HAS_FN(drain, els_drain_v1, begin)) return not_offered(ELS_IF_DRAIN, "begin a drain");
    const els_ref borrowed = borrowed_ref(ref);
    return invoke([&](els_error* error) {
        return drain->begin(backend_, call.get(), &borrowed, view_of(drain_signal), error);
    });
}

HostResult<> Backend::cancel_drain(HostCall& call, const HostRef& ref) {
    const auto* drain = find<els_drain_v1>(ELS_IF_DRAIN);
    if (!ELS_HAS_FN(drain, els_drain_v1, cancel)) return not_offered(ELS_IF_DRAIN, "cancel a drain");
    const els_ref borrowed = borrowed_ref(ref);
    return invoke([&](els_error* error) { return drain->cancel(backend_, call.get(), &borrowed, error); });
}

}  // namespace elasticity::sdk
