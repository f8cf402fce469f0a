#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/host/call.hpp"
#include "sdk/host/event.hpp"
#include "sdk/host/instance.hpp"
#include "sdk/host/library.hpp"
#include "sdk/host/service.hpp"
#include "sdk/host/services.hpp"

namespace elasticity::sdk {

/// The plugin's JSON about itself: id, version, title, interfaces, max_concurrency and the two schemas.
HostResult<std::string> describe(const els_plugin& plugin);

/// What is wrong with a config beyond its schema, as JSON lines {"severity", "path", "message"}.
HostResult<std::string> check_config(const els_plugin& plugin, const std::string& config);

/// One opened backend of a plugin: its functions as blocking calls over owned values. Texts that come back
/// are valid UTF-8.
///
/// Threads: open, activate, quiesce and the destructor are the owner's, one at a time. The rest may be
/// called from as many threads as the plugin's max_concurrency allows, never two changes of one key at once;
/// CallPool sees to both, and to calls that do not return.
///
/// What an optional interface holds fails as UNIMPLEMENTED where the plugin does not offer it.
class Backend {
public:
    /// Allocates only: no I/O, no threads.
    static HostResult<std::shared_ptr<Backend>> open(std::shared_ptr<const Library> library,
                                                     const els_plugin& plugin, const std::string& config,
                                                     HostOptions options);
    /// Quiesces an active backend, for at most 10 s by its deadline, then closes it. Instances keep running.
    ~Backend();
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    const std::string& name() const { return services_.options().backend_name; }
    const HostServices& services() const { return services_; }
    const els_plugin& plugin() const { return plugin_; }
    bool offers(const char* interface_id) const;

    /// An error that belongs to no call, to where the plugin's lines go.
    void complain(const std::string& message) const { services_.log(ELS_LOG_ERROR, message); }

    HostResult<> activate(HostCall& call);
    /// No other call may be in flight. May be activated again.
    HostResult<> quiesce(HostCall& call);

    /// Credentials, reachability, versions, quota: a JSON object.
    HostResult<std::string> probe(HostCall& call);
    /// Would create work? Findings as JSON lines; empty where nothing is wrong.
    HostResult<std::string> validate(HostCall& call, const HostSpec& spec);
    /// Repeatable by key and hash: the same instance.
    HostResult<HostInstance> create(HostCall& call, const HostSpec& spec);
    /// An unknown instance is success.
    HostResult<> destroy(HostCall& call, const HostRef& ref, std::chrono::milliseconds grace);
    HostResult<HostInstance> inspect(HostCall& call, const HostRef& ref);
    /// Every instance of this owner, over all pages: complete, or an error.
    HostResult<std::vector<HostInstance>> list(HostCall& call);

    // elasticity.lifecycle/1. An instance that is already there is success.
    HostResult<> suspend(HostCall& call, const HostRef& ref);
    HostResult<> resume(HostCall& call, const HostRef& ref);
    HostResult<> stop(HostCall& call, const HostRef& ref, std::chrono::milliseconds grace);
    HostResult<> start(HostCall& call, const HostRef& ref);

    // elasticity.drain/1
    /// Tells the worker to take no more, and returns. An empty signal means SIGTERM.
    HostResult<> begin_drain(HostCall& call, const HostRef& ref, const std::string& drain_signal);
    /// FAILED_PRECONDITION where that cannot be taken back.
    HostResult<> cancel_drain(HostCall& call, const HostRef& ref);

    // elasticity.service/1: workers as services on a machine, as create, destroy, inspect and list.
    HostResult<HostInstance> start_service(HostCall& call, const HostTarget& target,
                                           const HostServiceSpec& spec);
    HostResult<> stop_service(HostCall& call, const HostTarget& target, const HostRef& ref,
                              std::chrono::milliseconds grace);
    HostResult<HostInstance> service_status(HostCall& call, const HostTarget& target, const HostRef& ref);
    /// Every service instance of this owner on that machine: complete, or an error.
    HostResult<std::vector<HostInstance>> list_services(HostCall& call, const HostTarget& target);

    // elasticity.metrics/1
    /// An instance, with the machine's key, for each machine that answered; the rest is left out.
    HostResult<std::vector<HostInstance>> sample(HostCall& call, const std::vector<HostTarget>& targets);

    // elasticity.events/1
    /// Returns when `call` is cancelled or the stream breaks: it wants a thread of its own, not one of a
    /// CallPool, and its end before quiesce. `cursor` is that of the last event, or empty: from here on.
    HostResult<> watch(HostCall& call, const std::string& cursor, const OnEvent& on_event);

private:
    Backend(std::shared_ptr<const Library> library, const els_plugin& plugin, HostOptions options);

    HostResult<> require_provisioner();
    /// The table of an optional interface, or null.
    template <class Table>
    const Table* find(const char* interface_id) const {
        return static_cast<const Table*>(plugin_.query(backend_, interface_id));
    }
    HostError not_offered(const char* interface_id, const char* ability) const;

    std::shared_ptr<const Library> library_;
    const els_plugin& plugin_;
    HostServices services_;
    els_backend* backend_ = nullptr;
    const els_provisioner_v1* provisioner_ = nullptr;
    bool active_ = false;
};

}  // namespace elasticity::sdk
