#pragma once
#include <memory>
#include <string>

#include "core/plugin_host/backend_calls.hpp"
#include "core/plugin_host/backend_catalog.hpp"
#include "core/plugin_host/upgrade/generation_health.hpp"

namespace elasticity {

/// One generation of a backend's plugin: a version of its file with a version of its settings, opened and active,
/// and the threads for its calls. What it runs from goes with it; instances stay.
class PluginGeneration {
public:
    PluginGeneration(unsigned number, BackendSettings settings, CatalogEntry entry,
                     std::shared_ptr<BackendCalls> calls, std::shared_ptr<GenerationHealth> health,
                     sdk::CallPoolOptions pool)
        : number_(number), settings_(std::move(settings)), entry_(std::move(entry)), health_(std::move(health)),
          calls_(std::move(calls)), pool_(calls_, pool) {}
    /// Nobody listens to its health any more: it ends on purpose.
    ~PluginGeneration() { health_->listen(nullptr); }

    unsigned number() const { return number_; }
    const BackendSettings& settings() const { return settings_; }
    const CatalogEntry& entry() const { return entry_; }
    const std::shared_ptr<GenerationHealth>& health() const { return health_; }
    /// For what is done to the generation itself; work goes through the pool.
    BackendCalls& calls() { return *calls_; }
    BackendPool& pool() { return pool_; }

private:
    const unsigned number_;
    const BackendSettings settings_;
    const CatalogEntry entry_;  // Holds the private copy until all below is gone.
    const std::shared_ptr<GenerationHealth> health_;
    const std::shared_ptr<BackendCalls> calls_;
    BackendPool pool_;
};

struct GenerationOrder {
    unsigned number = 1;
    BackendSettings settings;
    CatalogEntry entry;
    sdk::HostOptions host;
};

/// Opens and activates it, in a process of its own or in this one. Blocks for as long as the plugin takes.
Result<std::shared_ptr<PluginGeneration>> open_generation(GenerationOrder order);

/// Which libraries this process has taken in by upgrades, for good: nothing is ever unloaded.
inline constexpr std::size_t in_process_upgrades_max = 8;
/// Refuses when there may be no further one.
Result<> check_room_in_process();

}  // namespace elasticity
