#pragma once
#include <elasticity/sdk/detail/provisioner.hpp>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

/// Instantiated only for a T that has the members.
template <class T>
struct Lifecycle {
    static els_code suspend(els_backend* backend, const els_call* call, const els_ref* ref,
                            els_error* error) noexcept {
        return guard(error, [&] { self<T>(backend).suspend(Call(call), ref_of(*ref)); });
    }

    static els_code resume(els_backend* backend, const els_call* call, const els_ref* ref,
                           els_error* error) noexcept {
        return guard(error, [&] { self<T>(backend).resume(Call(call), ref_of(*ref)); });
    }

    static els_code stop(els_backend* backend, const els_call* call, const els_ref* ref,
                         std::uint32_t grace_ms, els_error* error) noexcept {
        return guard(error,
                     [&] { self<T>(backend).stop(Call(call), ref_of(*ref), milliseconds(grace_ms)); });
    }

    static els_code start(els_backend* backend, const els_call* call, const els_ref* ref,
                          els_error* error) noexcept {
        return guard(error, [&] { self<T>(backend).start(Call(call), ref_of(*ref)); });
    }

    static constexpr els_lifecycle_v1 table{
        sizeof(els_lifecycle_v1), 0, &suspend, &resume, &stop, &start};
};

/// Instantiated only for a T that has the members.
template <class T>
struct Drain {
    static els_code begin(els_backend* backend, const els_call* call, const els_ref* ref,
                          els_view drain_signal, els_error* error) noexcept {
        return guard(error, [&] {
            const std::string_view wanted = text_of(drain_signal);
            self<T>(backend).begin_drain(Call(call), ref_of(*ref), wanted.empty() ? "SIGTERM" : wanted);
        });
    }

    static els_code cancel(els_backend* backend, const els_call* call, const els_ref* ref,
                           els_error* error) noexcept {
        return guard(error, [&] { self<T>(backend).cancel_drain(Call(call), ref_of(*ref)); });
    }

    static constexpr els_drain_v1 table{sizeof(els_drain_v1), 0, &begin, &cancel};
};

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
