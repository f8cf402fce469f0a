#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/plugin_host/upgrade/backend_slot.hpp"
#include "core/plugin_host/upgrade/cancellable.hpp"
#include "core/plugin_host/upgrade/staging.hpp"
#include "core/plugin_host/upgrade/upgrade_machine.hpp"
#include "core/plugin_host/upgrade/upgrade_records.hpp"

namespace elasticity {

/// What the upgrades of all backends need.
struct UpgradeSurroundings {
    const Settings& settings;
    const StagingFolder& staging;
    std::filesystem::path plugin_dir;
    std::function<Result<sdk::HostOptions>(const std::string& backend)> host;
    /// The file of a backend that could not be opened was replaced. On the thread of the upgrades, as the next.
    std::function<void(const std::string& backend)> on_repairable = [](const std::string&) {};
    /// A generation with other fields of a tool serves now.
    std::function<void(const std::string& backend, const boost::json::object& spec_schema)> on_fields =
        [](const std::string&, const boost::json::object&) {};
    std::chrono::milliseconds drain_timeout{960'000};   ///< longer than any call may take
    std::chrono::milliseconds rollback_window{60'000};
};

struct UpgradeRequest {
    std::uint64_t record = 0;                 ///< where its story is told
    std::filesystem::path file;               ///< empty: the one in the plugin folder
    std::optional<BackendSettings> settings;  ///< none: as they are
    bool force = false;
};

/// Carries out the upgrades of one backend, one after the other, as next_move() decides.
///
/// Threads: one, which blocks here for as long as a plugin takes to start, to list and to end; only what goes through
/// the slot is others'.
class BackendUpgrade {
public:
    using Clock = std::chrono::steady_clock;

    /// `wake` makes the thread call advance(); from any thread. `on_change` runs on the thread, within advance(), when
    /// the phase or the generations are others. All references outlive this.
    BackendUpgrade(const UpgradeSurroundings& surroundings, UpgradeRecords& records, Cancellable& cancellable,
                   BackendSlot& slot, std::function<void()> wake, std::function<void()> on_change);
    ~BackendUpgrade();
    BackendUpgrade(const BackendUpgrade&) = delete;
    BackendUpgrade& operator=(const BackendUpgrade&) = delete;

    /// It begins once the one before has drained. False: too many wait.
    bool enqueue(UpgradeRequest request);

    /// Does all that can be done now; returns when to call again at the latest.
    Clock::time_point advance();

    UpgradePhase phase() const { return phase_; }
    /// The generation beside the one that serves, if any.
    const PluginGeneration* beside() const { return beside_.get(); }

private:
    std::optional<UpgradeEvent> next_event();
    std::optional<UpgradeEvent> event_of_generations(Clock::time_point now);
    void handle(UpgradeEvent event);
    std::optional<UpgradeEvent> move_on(UpgradeEvent event);
    std::optional<UpgradeEvent> act(UpgradeAction action);

    Result<UpgradeEvent> verify();
    Result<UpgradeEvent> stage();
    Result<UpgradeEvent> probe();
    Result<void> rehearse(const CatalogEntry& entry, const BackendSettings& settings);
    Result<UpgradeEvent> activate();
    Result<UpgradeEvent> compare();
    Result<Instances> list(PluginGeneration& generation);
    void swap();
    void quiesce_old();
    Result<UpgradeEvent> activate_old();

    BackendSettings wanted_settings() const;
    void enter(UpgradePhase phase);
    void tell(UpgradePhase phase, const std::string& text);
    void settle(UpgradeOutcome outcome);

    const UpgradeSurroundings& surroundings_;
    UpgradeRecords& records_;
    Cancellable& cancellable_;
    BackendSlot& slot_;
    const std::function<void()> wake_;
    const std::function<void()> on_change_;
    const std::string name_;

    std::deque<UpgradeRequest> waiting_;
    UpgradePhase phase_ = UpgradePhase::idle;
    UpgradeRequest request_;
    std::string trouble_;  // Why the phase failed.
    Clock::time_point deadline_ = Clock::time_point::max();
    unsigned last_number_ = 1;

    std::optional<OpenedPlugin> opened_;
    std::shared_ptr<const StagedPlugin> staged_;
    std::optional<CatalogEntry> entry_;
    /// Before the swap the candidate, after it the old generation; after a swap back the one that failed.
    std::shared_ptr<PluginGeneration> beside_;
};

}  // namespace elasticity
