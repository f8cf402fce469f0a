#pragma once
#include <elasticity/sdk/detail/provisioner.hpp>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

/// Instantiated only for a T that has the members.
template <class T>
struct Service {
    static els_code start(els_backend* backend, const els_call* raw, const els_target* target,
                          const els_service_spec* spec, els_instance_sink* started,
                          els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            emit_to(started,
                    self<T>(backend).start_service(call, target_of(*target), service_spec_of(*spec)));
        });
    }

    static els_code stop(els_backend* backend, const els_call* raw, const els_target* target,
                         const els_ref* ref, std::uint32_t grace_ms, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            self<T>(backend).stop_service(call, target_of(*target), ref_of(*ref), milliseconds(grace_ms));
        });
    }

    static els_code status(els_backend* backend, const els_call* raw, const els_target* target,
                           const els_ref* ref, els_instance_sink* found, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            const std::optional<Instance> instance =
                self<T>(backend).service_status(call, target_of(*target), ref_of(*ref));
            if (!instance) throw Error(ELS_NOT_FOUND, "no such service instance on this machine");
            emit_to(found, *instance);
        });
    }

    static els_code list(els_backend* backend, const els_call* raw, const els_target* target, els_view page,
                         els_instance_sink* found, els_sink* next_page, els_error* error) noexcept {
        return guard(error, raw, [&](const Call& call) {
            const Emit emit = [found](const Instance& instance) { emit_to(found, instance); };
            const std::string next =
                self<T>(backend).list_services(call, target_of(*target), text_of(page), emit);
            if (!next.empty()) write_to(next_page, next);
        });
    }

    static constexpr els_service_v1 table{sizeof(els_service_v1), 0, &start, &stop, &status, &list};
};

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
