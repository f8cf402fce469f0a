#pragma once
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/io/rabbitmq/backoff.hpp"
#include "core/plugin_host/backend_calls.hpp"
#include "core/plugin_host/isolation/child.hpp"

namespace elasticity {

struct ChildBackendOptions {
    std::filesystem::path library;
    std::string config;
    sdk::HostOptions host;
    std::uint64_t memory_bytes_max = std::uint64_t{1} << 30;
    std::function<void(const std::string& why)> lost;  ///< a child is gone that was not asked to go; may be null
    ChildOptions child;  ///< its functions and its backend's name are filled in from `host`
    /// An early end is repeated ever more slowly; one after an answered call is not.
    rabbitmq::BackoffSettings restart{std::chrono::milliseconds(100), std::chrono::seconds(30), {}};
};

/// A backend whose plugin runs in a process of its own: one child at a time, and another when it dies. Its
/// instances go on meanwhile: what runs is the provider's, and a list finds it again.
///
/// Threads: any may call, as many at once as the plugin allows. One thread of its own replaces the child.
class ChildBackend : public BackendCalls {
public:
    /// Starts the process and opens the backend in it.
    static sdk::HostResult<std::shared_ptr<ChildBackend>> open(ChildBackendOptions options);
    /// No call may be in flight. The plugin quiesces before its process ends; instances keep running.
    ~ChildBackend() override;

    const std::string& name() const override { return options_.host.backend_name; }
    void complain(const std::string& message) const override;

    /// Later children are activated as well, before they get a call.
    sdk::HostResult<> activate(sdk::HostCall& call) override;
    sdk::HostResult<> quiesce(sdk::HostCall& call) override;
    sdk::HostResult<std::string> probe(sdk::HostCall& call) override;
    sdk::HostResult<std::vector<sdk::HostInstance>> list(sdk::HostCall& call) override;
    sdk::HostResult<sdk::HostInstance> create(sdk::HostCall& call, const sdk::HostSpec& spec) override;
    sdk::HostResult<> destroy(sdk::HostCall& call, const sdk::HostRef& ref,
                              std::chrono::milliseconds grace) override;

private:
    explicit ChildBackend(ChildBackendOptions options);

    sdk::HostResult<std::shared_ptr<Child>> start_child();
    /// The child that serves, which may take a moment where it is being replaced.
    sdk::HostResult<std::shared_ptr<Child>> child_for(const sdk::HostCall& call);
    sdk::HostResult<Child::Reply> invoke(const std::string& what, boost::json::object arguments,
                                         sdk::HostCall& call, Effect effect = Effect::none);
    void supervise();
    void replace(std::unique_lock<std::mutex>& lock);

    ChildBackendOptions options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<Child> child_;
    std::string trouble_;  // Why there is no child.
    sdk::HostCall::Clock::time_point restart_at_{};
    bool active_ = false;
    bool answered_ = false;  // By this child.
    bool closing_ = false;
    rabbitmq::Backoff backoff_;
    std::thread supervisor_;
};

/// Loads a file into a fresh child, and returns what describe_library() told there.
sdk::HostResult<boost::json::value> load_in_child(Child& child, const std::filesystem::path& library,
                                                  std::uint64_t memory_bytes_max,
                                                  std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace elasticity
