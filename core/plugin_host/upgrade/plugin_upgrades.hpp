#pragma once
#include <atomic>
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "core/io/rabbitmq/wake_event.hpp"
#include "core/plugin_host/upgrade/backend_upgrade.hpp"
#include "core/plugin_host/upgrade/folder_watch.hpp"

namespace elasticity {

/// The upgrades of all backends: asked for, or begun by a file that was renamed into the plugin folder.
///
/// Threads: any; nothing here blocks. One thread of its own does the work, an upgrade after the other.
class PluginUpgrades {
public:
    explicit PluginUpgrades(UpgradeSurroundings surroundings);
    /// Ends what is under way: the generation that serves goes on, the one beside it is closed.
    ~PluginUpgrades();
    PluginUpgrades(const PluginUpgrades&) = delete;
    PluginUpgrades& operator=(const PluginUpgrades&) = delete;

    /// Before start(). The slot outlives this.
    void add(BackendSlot& slot);
    void start();

    /// Begins one, or lines it up behind those before it. Returns the number by which it can be followed.
    Result<std::uint64_t> request(const std::string& backend, const std::string& cause, UpgradeRequest request);
    void follow(std::uint64_t id, std::size_t seen, UpgradeRecords::Answer answer) {
        records_.follow(id, seen, std::move(answer));
    }

    /// For the status: {"id", "version", "generation", "sha256", "state", "last_upgrade" ...}; empty where there is no
    /// such backend.
    boost::json::object describe(const std::string& backend) const;

private:
    struct Backend;

    void work();
    BackendUpgrade::Clock::time_point advance_all();
    void take_requests();
    void take_folder_changes();
    void take_folder_change(const FolderChange& change);
    void publish(Backend& backend);

    const UpgradeSurroundings surroundings_;
    UpgradeRecords records_;
    Cancellable cancellable_;
    const std::shared_ptr<rabbitmq::WakeEvent> wake_ = std::make_shared<rabbitmq::WakeEvent>();
    std::optional<FolderWatch> folder_watch_;

    mutable std::mutex mutex_;  // Guards what the backends say of themselves, and the requests.
    std::map<std::string, std::unique_ptr<Backend>> backends_;
    std::deque<std::pair<std::string, UpgradeRequest>> requests_;
    std::thread thread_;
};

}  // namespace elasticity
