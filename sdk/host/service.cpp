#include "sdk/host/service.hpp"

#include "sdk/host/views.hpp"

namespace elasticity::sdk {

els_target borrowed_target(const HostTarget& target) {
    return {sizeof(els_target),
            target.port,
            view_of(target.machine_key),
            view_of(target.address),
            view_of(target.user),
            view_of(target.credential)};
}

BorrowedServiceSpec::BorrowedServiceSpec(const HostServiceSpec& spec) : env_(spec.env) {
    spec_.size = sizeof spec_;
    spec_.key = view_of(spec.key);
    spec_.service = view_of(spec.service);
    spec_.instance = view_of(spec.instance);
    spec_.tool = view_of(spec.tool);
    spec_.hash = spec.hash;
    spec_.env = env_.data();
    spec_.env_count = env_.size();
}

}  // namespace elasticity::sdk
