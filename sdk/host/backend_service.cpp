// Workers as services on a machine, which another backend may have made.
#include "sdk/host/backend.hpp"
#include "sdk/host/invoke.hpp"
#include "sdk/host/pages.hpp"

namespace elasticity::sdk {

HostResult<HostInstance> Backend::start_service(HostCall& call, const HostTarget& target,
                                                const HostServiceSpec& spec) {
    const auto* service = find<els_service_v1>(ELS_IF_SERVICE);
    if (!ELS_HAS_FN(service, els_service_v1, start)) return not_offered(ELS_IF_SERVICE, "start a service");
    const els_target machine = borrowed_target(target);
    const BorrowedServiceSpec borrowed(spec);
    return collect_one(ELS_ERR_MAYBE_DONE, [&](els_instance_sink* started, els_error* error) {
        return service->start(backend_, call.get(), &machine, borrowed.get(), started, error);
    });
}

HostResult<> Backend::stop_service(HostCall& call, const HostTarget& target, const HostRef& ref,
                                   std::chrono::milliseconds grace) {
    const auto* service = find<els_service_v1>(ELS_IF_SERVICE);
    if (!ELS_HAS_FN(service, els_service_v1, stop)) return not_offered(ELS_IF_SERVICE, "stop a service");
    const els_target machine = borrowed_target(target);
    const els_ref borrowed = borrowed_ref(ref);
    return invoke([&](els_error* error) {
        return service->stop(backend_, call.get(), &machine, &borrowed, grace_ms_of(grace), error);
    });
}

HostResult<HostInstance> Backend::service_status(HostCall& call, const HostTarget& target,
                                                 const HostRef& ref) {
    const auto* service = find<els_service_v1>(ELS_IF_SERVICE);
    if (!ELS_HAS_FN(service, els_service_v1, status))
        return not_offered(ELS_IF_SERVICE, "tell the status of a service");
    const els_target machine = borrowed_target(target);
    const els_ref borrowed = borrowed_ref(ref);
    return collect_one(0, [&](els_instance_sink* found, els_error* error) {
        return service->status(backend_, call.get(), &machine, &borrowed, found, error);
    });
}

HostResult<std::vector<HostInstance>> Backend::list_services(HostCall& call, const HostTarget& target) {
    const auto* service = find<els_service_v1>(ELS_IF_SERVICE);
    if (!ELS_HAS_FN(service, els_service_v1, list)) return not_offered(ELS_IF_SERVICE, "list services");
    const els_target machine = borrowed_target(target);
    const auto list_page = [&](els_view page, els_instance_sink* found, els_sink* next, els_error* error) {
        return service->list(backend_, call.get(), &machine, page, found, next, error);
    };
    return collect_pages(call, list_page);
}

}  // namespace elasticity::sdk
