#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "sdk/host/call.hpp"
#include "sdk/host/call_pool.hpp"
#include "sdk/host/instance.hpp"

namespace elasticity {

/// The calls that core makes of an opened backend, wherever its plugin runs: InProcessBackend, ChildBackend.
/// They block, and mean what they mean for sdk::Backend.
class BackendCalls {
public:
    virtual ~BackendCalls() = default;

    virtual const std::string& name() const = 0;
    /// An error that belongs to no call, to where the plugin's lines go.
    virtual void complain(const std::string& message) const = 0;

    virtual sdk::HostResult<> activate(sdk::HostCall& call) = 0;
    virtual sdk::HostResult<> quiesce(sdk::HostCall& call) = 0;
    virtual sdk::HostResult<std::string> probe(sdk::HostCall& call) = 0;
    virtual sdk::HostResult<std::vector<sdk::HostInstance>> list(sdk::HostCall& call) = 0;
    virtual sdk::HostResult<sdk::HostInstance> create(sdk::HostCall& call, const sdk::HostSpec& spec) = 0;
    virtual sdk::HostResult<> destroy(sdk::HostCall& call, const sdk::HostRef& ref,
                                      std::chrono::milliseconds grace) = 0;
};

/// Submits the calls of one backend without waiting for them: bounded threads, deadlines, one change of a key at a
/// time. The pool of each generation is its own.
using BackendPool = sdk::PoolOf<BackendCalls>;

}  // namespace elasticity
