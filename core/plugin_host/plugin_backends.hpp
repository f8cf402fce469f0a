#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/daemon/settings.hpp"
#include "core/plugin_host/backend_catalog.hpp"
#include "core/runtime/control_loop.hpp"
#include "core/plugin_host/upgrade/plugin_upgrades.hpp"
#include "core/runtime/ports.hpp"

namespace elasticity {

/// What the backends need of the daemon. The functions are called from any thread.
struct BackendSurroundings {
    std::string install_id;
    std::function<Result<std::filesystem::path>(const std::string& backend)> state_dir;
    /// Runs a function on the control thread.
    std::function<void(std::function<void(ControlLoop&)>)> post;
    /// The file of a backend that could not be opened was replaced.
    std::function<void(const std::string& backend)> on_repairable;
    /// A backend's plugin was replaced by one that declares other fields of a tool.
    std::function<void(const std::string& backend, const boost::json::object& spec_schema)> on_fields;
};

/// The backends of the settings, each in a process of its own or in this one, and with a bounded pool of threads for
/// its calls. Their plugins are upgraded while they serve.
///
/// Threads: the port's functions are the control thread's; answers are posted to it.
class PluginBackends : public Backends {
public:
    PluginBackends(const Settings& settings, BackendSurroundings surroundings, const StagingFolder& staging);
    ~PluginBackends() override;

    /// Opens and activates every backend of the catalog. One that fails is told to the loop as broken. Once.
    void open(const BackendCatalog& catalog);

    /// Has new generations take over what changed in the settings of these backends. False, and nothing is done, where
    /// one of them is not open.
    bool upgrade(const Settings& settings, const std::vector<std::string>& names);

    /// Any thread, once all are open.
    PluginUpgrades& upgrades() { return upgrades_; }

    void list(const std::string& backend, CallToken token) override;
    void create(const std::string& backend, const WorkerOrder& order, CallToken token) override;
    void destroy(const std::string& backend, const std::string& key, const std::string& id, CallToken token) override;

private:
    Result<> open(const BackendSettings& backend, const CatalogEntry& entry);
    UpgradeSurroundings upgrade_surroundings(const StagingFolder& staging) const;
    Result<sdk::HostOptions> host_options(const std::string& backend) const;
    void report_broken(const std::string& name, const std::string& why);
    BackendSlot* find(const std::string& backend);

    const Settings& settings_;
    BackendSurroundings surroundings_;
    std::map<std::string, std::unique_ptr<BackendSlot>> slots_;
    PluginUpgrades upgrades_;  // The first to go: its thread uses the slots.
};

}  // namespace elasticity
