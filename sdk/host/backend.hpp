#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/host/call.hpp"
#include "sdk/host/instance.hpp"
#include "sdk/host/library.hpp"
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

private:
    Backend(std::shared_ptr<const Library> library, const els_plugin& plugin, HostOptions options);

    HostResult<> require_provisioner();
    /// Appends one page, and returns the token of the next.
    HostResult<std::string> list_page(HostCall& call, const std::string& page,
                                      std::vector<HostInstance>& instances);

    std::shared_ptr<const Library> library_;
    const els_plugin& plugin_;
    HostServices services_;
    els_backend* backend_ = nullptr;
    const els_provisioner_v1* provisioner_ = nullptr;
    bool active_ = false;
};

}  // namespace elasticity::sdk
