#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/daemon/settings.hpp"
#include "core/plugin_host/backend_catalog.hpp"
#include "core/runtime/control_loop.hpp"
#include "core/runtime/ports.hpp"

namespace elasticity {

/// What the backends need of the daemon. The functions are called from any thread.
struct BackendSurroundings {
    std::string install_id;
    std::function<Result<std::filesystem::path>(const std::string& backend)> state_dir;
    /// Runs a function on the control thread.
    std::function<void(std::function<void(ControlLoop&)>)> post;
};

/// The backends of the settings, each in a process of its own or in this one, and with a bounded pool of threads for
/// its calls.
///
/// Threads: the port's functions are the control thread's; answers are posted to it.
class PluginBackends : public Backends {
public:
    PluginBackends(const Settings& settings, BackendSurroundings surroundings);
    ~PluginBackends() override;

    /// Opens and activates every backend of the catalog. One that fails is told to the loop as broken.
    void open(const BackendCatalog& catalog);

    void list(const std::string& backend, CallToken token) override;
    void create(const std::string& backend, const WorkerOrder& order, CallToken token) override;
    void destroy(const std::string& backend, const std::string& key, const std::string& id, CallToken token) override;

private:
    struct Opened;
    Result<std::unique_ptr<Opened>> open(const BackendSettings& backend, const CatalogEntry& entry);
    void report_broken(const std::string& name, const std::string& why);
    Opened* find(const std::string& backend);

    const Settings& settings_;
    BackendSurroundings surroundings_;
    std::map<std::string, std::unique_ptr<Opened>> backends_;
};

}  // namespace elasticity
