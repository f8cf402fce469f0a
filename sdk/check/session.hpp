#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/check/subject.hpp"
#include "sdk/check/verdict.hpp"
#include "sdk/host/call.hpp"
#include "sdk/host/instance.hpp"
#include "sdk/host/services.hpp"

namespace elasticity::check {

using std::chrono::milliseconds;
constexpr milliseconds call_timeout(30'000);

const char* state_name(sdk::HostState state);

/// The plugin of the subject, loaded; fails the check where that cannot be.
const els_plugin& load_plugin(const Subject& subject);

/// Its description; fails the check where there is none.
std::string description_of(const els_plugin& plugin);

/// How many of `wanted` calls may be in flight at once; skips the check where that is one alone.
unsigned calls_at_once(const els_plugin& plugin, unsigned wanted);

/// A call that begins now.
std::unique_ptr<sdk::HostCall> new_call(milliseconds timeout = call_timeout);

/// Makes a call with an els_error to fill, and turns both into a result.
template <class Function>
sdk::HostResult<> invoke(Function&& function) {
    els_error error{};
    error.size = sizeof error;
    const els_code code = function(&error);
    if (code == ELS_OK) return {};
    return sdk::error_from(code, error);
}

/// Runs `function` on a thread of its own; fails the check where it has not returned after `limit`.
void require_return_within(milliseconds limit, const std::string& what,
                           const std::function<void()>& function);

/// Asks again and again, as a provider has no event to wait for. False when the time is over.
bool eventually(milliseconds limit, const std::function<bool()>& holds);

/// An opened backend of the plugin, in the plainest form: its table of functions, and calls that give values.
/// The calls are for any thread, the rest for the check's own.
class Session {
public:
    enum class Begin { opened, active };

    /// Fails the check where the backend cannot be opened (or activated). An empty owner is the subject's.
    explicit Session(const Subject& subject, Begin begin = Begin::active, std::string owner = {});
    /// Quiesces and closes; a failure fails the check.
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// What the provider may take to show what it was told.
    milliseconds settle_limit() const { return settle_limit_; }

    const els_plugin& plugin() const { return plugin_; }
    els_backend* backend() const { return backend_; }
    const els_provisioner_v1& provisioner() const { return *provisioner_; }
    const els_host* host() const { return services_->get(); }

    template <class Interface>
    const Interface& interface(const char* id) const {
        const auto* table = static_cast<const Interface*>(plugin_.query(backend_, id));
        require(table != nullptr, std::string("query gives no ") + id);
        return *table;
    }

    void activate();
    void quiesce();

    /// What the author gave, with a key, a name and a hash of its own.
    sdk::HostSpec new_spec() const;

    sdk::HostResult<sdk::HostInstance> create(const sdk::HostSpec& spec, const sdk::HostCall& call);
    sdk::HostResult<sdk::HostInstance> create(const sdk::HostSpec& spec) { return create(spec, *new_call()); }
    sdk::HostResult<sdk::HostInstance> inspect(const sdk::HostRef& ref, const sdk::HostCall& call);
    sdk::HostResult<sdk::HostInstance> inspect(const sdk::HostRef& ref) { return inspect(ref, *new_call()); }
    sdk::HostResult<> destroy(const sdk::HostRef& ref, const sdk::HostCall& call);
    sdk::HostResult<> destroy(const sdk::HostRef& ref) { return destroy(ref, *new_call()); }
    /// One page; its successor's token goes to `next`.
    sdk::HostResult<std::vector<sdk::HostInstance>> list_page(const std::string& page, std::string& next,
                                                              const sdk::HostCall& call);

    // The same, where anything but success fails the check.
    sdk::HostInstance created(const sdk::HostSpec& spec);
    sdk::HostInstance created() { return created(new_spec()); }
    sdk::HostInstance inspected(const sdk::HostRef& ref);
    void destroyed(const sdk::HostRef& ref);
    /// All pages.
    std::vector<sdk::HostInstance> listed();

    /// Fails the check unless the instance is gone soon.
    void await_gone(const std::string& key);
    /// Fails the check unless the instance has this state soon.
    void await_state(const std::string& key, sdk::HostState state);

    /// All that was said so far: log lines with their fields, and errors.
    std::string heard() const;
    /// Values that the plugin was given for secret references.
    std::vector<std::string> told_secrets() const;

private:
    sdk::HostOptions options(const Subject& subject, std::string owner);
    void hear(const std::string& text);
    template <class T>
    sdk::HostResult<T> heard_result(sdk::HostResult<T> result);

    const els_plugin& plugin_;
    milliseconds settle_limit_;
    std::string config_;
    sdk::HostSpec spec_;
    std::unique_ptr<sdk::HostServices> services_;
    els_backend* backend_ = nullptr;
    const els_provisioner_v1* provisioner_ = nullptr;
    bool active_ = false;

    mutable std::mutex mutex_;  // of what follows: plugins log from any thread
    std::string heard_;
    std::vector<std::string> told_secrets_;
};

}  // namespace elasticity::check
