#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <elasticity/sdk/plugin.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/process/account.hpp"
#include "plugins/process/settings.hpp"
#include "plugins/process/workers.hpp"

namespace elasticity::process {

/// Workers are processes of this machine, which outlive the daemon. Keeps nothing about them: every call
/// looks. Threads: as the ABI says; calls share no state but when logs were last swept.
class ProcessBackend {
public:
    static constexpr sdk::Info info{
        "org.elasticity.process",          "1.0.0", "Processes of this machine", "Elasticity", "",
        ELS_PF_UNLOAD_SAFE | ELS_PF_FORKS, 16};
    static const std::string_view config_schema, spec_schema;

    ProcessBackend(sdk::Host host, std::string_view config);

    /// Makes the folders, and sees that the shim can be executed.
    void activate(const sdk::Call& call);
    std::string probe(const sdk::Call& call);
    void validate(const sdk::Call& call, const sdk::Spec& spec, const sdk::Report& report);

    /// Returns once the program runs: an exec that failed is an error of this call.
    sdk::Instance create(const sdk::Call& call, const sdk::Spec& spec);
    void destroy(const sdk::Call& call, const sdk::Ref& ref, std::chrono::milliseconds grace);
    std::optional<sdk::Instance> inspect(const sdk::Call& call, const sdk::Ref& ref);
    std::string list(const sdk::Call& call, std::string_view page, const sdk::Emit& emit);

    /// The signal goes to the worker's own process alone, and cannot be taken back.
    void begin_drain(const sdk::Call& call, const sdk::Ref& ref, std::string_view signal_name);
    void cancel_drain(const sdk::Call& call, const sdk::Ref& ref);

private:
    void make_folders() const;
    Account account() const;
    Request new_request(const sdk::Spec& spec) const;
    Reply launch_shim(const sdk::Call& call, const Request& request) const;
    void take_over(const sdk::Call& call, const Record& worker);
    void sweep(const ObservedByKey& workers);

    sdk::Host host_;
    Settings settings_;
    Workers workers_;
    std::atomic<std::int64_t> last_sweep_unix_ms_{0};
};

}  // namespace elasticity::process
