#pragma once
#include <elasticity/sdk/detail/provisioner.hpp>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

/// Instantiated only for a T that has the members.
template <class T>
struct Lifecycle {
    static els_code suspend(els_backend* backend, const els_call* raw, const els_ref* ref,
                            els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) { self<T>(backend).suspend(call, ref_of(*ref)); });
    }

    static els_code resume(els_backend* backend, const els_call* raw, const els_ref* ref,
                           els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) { self<T>(backend).resume(call, ref_of(*ref)); });
    }

    static els_code stop(els_backend* backend, const els_call* raw, const els_ref* ref,
                         std::uint32_t grace_ms, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            self<T>(backend).stop(call, ref_of(*ref), milliseconds(grace_ms));
        });
    }

    static els_code start(els_backend* backend, const els_call* raw, const els_ref* ref,
                          els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) { self<T>(backend).start(call, ref_of(*ref)); });
    }

    static constexpr els_lifecycle_v1 table{
        sizeof(els_lifecycle_v1), 0, &suspend, &resume, &stop, &start};
};

/// Instantiated only for a T that has the members.
template <class T>
struct Drain {
    static els_code begin(els_backend* backend, const els_call* raw, const els_ref* ref,
                          els_view drain_signal, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            const std::string_view wanted = text_of(drain_signal);
            self<T>(backend).begin_drain(call, ref_of(*ref), wanted.empty() ? "SIGTERM" : wanted);
        });
    }

    static els_code cancel(els_backend* backend, const els_call* raw, const els_ref* ref,
                           els_error* error) noexcept {
        return guard(error, raw,
                     [&](const Call& call) { self<T>(backend).cancel_drain(call, ref_of(*ref)); });
    }

    static constexpr els_drain_v1 table{sizeof(els_drain_v1), 0, &begin, &cancel};
};

/// Instantiated only for a T that has the member.
template <class T>
struct Metrics {
    static els_code sample(els_backend* backend, const els_call* raw, const els_target* const* targets,
                           std::size_t target_count, els_instance_sink* sampled, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            const Emit emit = [sampled](const Instance& instance) { emit_to(sampled, instance); };
            self<T>(backend).sample(call, targets_of(targets, target_count), emit);
        });
    }

    static constexpr els_metrics_v1 table{sizeof(els_metrics_v1), 0, &sample};
};

/// Instantiated only for a T that has the member.
template <class T>
struct Events {
    static els_code watch(els_backend* backend, const els_call* raw, els_view cursor, els_event_sink* events,
                          els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            const EmitEvent emit = [events](const Event& event) { emit_to(events, event); };
            self<T>(backend).watch(call, text_of(cursor), emit);
        });
    }

    static constexpr els_events_v1 table{sizeof(els_events_v1), 0, &watch};
};

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
