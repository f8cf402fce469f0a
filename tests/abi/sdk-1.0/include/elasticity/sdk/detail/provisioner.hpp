#pragma once
#include <elasticity/sdk/detail/convert.hpp>
#include <elasticity/sdk/detail/guard.hpp>
#include <elasticity/sdk/detail/members.hpp>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

/// What els_backend* points at.
template <class T>
T& self(els_backend* backend) noexcept {
    return *reinterpret_cast<T*>(backend);
}

/// The barrier, and before it a look at the call: one that is cancelled or too late enters nothing.
template <class Function>
els_code guard(els_error* error, const els_call* raw, Function&& function) noexcept {
    return guard(error, [&] {
        const Call call(raw);
        call.check();
        function(call);
    });
}

template <class T>
struct Provisioner {
    static els_code validate([[maybe_unused]] els_backend* backend, [[maybe_unused]] const els_call* raw,
                             [[maybe_unused]] const els_spec* spec, [[maybe_unused]] els_sink* findings,
                             els_error* error) noexcept {
        return guard(error, [&] {
            if constexpr (has_validate<T>())
                self<T>(backend).validate(Call(raw), spec_of(*spec), report_to(findings));
        });
    }

    static els_code create(els_backend* backend, const els_call* raw, const els_spec* spec,
                           els_instance_sink* created, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            emit_to(created, self<T>(backend).create(call, spec_of(*spec)));
        });
    }

    static els_code destroy(els_backend* backend, const els_call* raw, const els_ref* ref,
                            std::uint32_t grace_ms, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            self<T>(backend).destroy(call, ref_of(*ref), milliseconds(grace_ms));
        });
    }

    static els_code inspect(els_backend* backend, const els_call* raw, const els_ref* ref,
                            els_instance_sink* found, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            const std::optional<Instance> instance = self<T>(backend).inspect(call, ref_of(*ref));
            if (!instance) throw Error(ELS_NOT_FOUND, "no such instance");
            emit_to(found, *instance);
        });
    }

    static els_code list(els_backend* backend, const els_call* raw, els_view page, els_instance_sink* found,
                         els_sink* next_page, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            const Emit emit = [found](const Instance& instance) { emit_to(found, instance); };
            const std::string next = self<T>(backend).list(call, text_of(page), emit);
            if (!next.empty()) write_to(next_page, next);
        });
    }

    static constexpr els_provisioner_v1 table{
        sizeof(els_provisioner_v1), 0, &validate, &create, &destroy, &inspect, &list};
};

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
