#pragma once
#include <memory>

#include "core/plugin_host/backend_calls.hpp"
#include "sdk/host/backend.hpp"

namespace elasticity {

/// A backend whose plugin runs in the daemon's own process: nothing is between, and nothing protects.
class InProcessBackend : public BackendCalls {
public:
    explicit InProcessBackend(std::shared_ptr<sdk::Backend> backend) : backend_(std::move(backend)) {}

    const std::string& name() const override { return backend_->name(); }
    void complain(const std::string& message) const override { backend_->complain(message); }
    sdk::HostResult<> activate(sdk::HostCall& call) override { return backend_->activate(call); }
    sdk::HostResult<> quiesce(sdk::HostCall& call) override { return backend_->quiesce(call); }
    sdk::HostResult<std::string> probe(sdk::HostCall& call) override { return backend_->probe(call); }
    sdk::HostResult<std::vector<sdk::HostInstance>> list(sdk::HostCall& call) override {
        return backend_->list(call);
    }
    sdk::HostResult<sdk::HostInstance> create(sdk::HostCall& call, const sdk::HostSpec& spec) override {
        return backend_->create(call, spec);
    }
    sdk::HostResult<> destroy(sdk::HostCall& call, const sdk::HostRef& ref,
                              std::chrono::milliseconds grace) override {
        return backend_->destroy(call, ref, grace);
    }

private:
    const std::shared_ptr<sdk::Backend> backend_;
};

}  // namespace elasticity
