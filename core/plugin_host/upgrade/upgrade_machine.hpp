#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace elasticity {

/// Where the upgrade of one backend's plugin stands.
enum class UpgradePhase {
    idle,          ///< one generation serves, and nothing is under way
    verifying,     ///< owner and permissions of the file
    staging,       ///< the private copy
    probing,       ///< in a child of its own: does it load, and does it take the settings?
    activating,    ///< the new generation starts beside the old one
    comparing,     ///< does it find the workers that the old one finds?
    draining,      ///< the new one serves; calls that the old one took are under way
    watching,      ///< the new one serves; the old one is quiesced, and kept for a rollback
    reactivating,  ///< the new one failed; the old one is being activated again
    returning,     ///< the old one serves again; calls that the failed one took are under way
};
inline constexpr int upgrade_phases = static_cast<int>(UpgradePhase::returning) + 1;

enum class UpgradeEvent {
    requested,
    done,             ///< what the phase does is done
    failed,           ///< what the phase does cannot be done
    unchanged,        ///< the very file, with the very settings, serves already
    workers_missing,  ///< the old generation finds workers that the new one does not
    drained,
    drain_expired,
    new_fails,  ///< the new generation's process was lost, or its calls fail
    window_over,
};
inline constexpr int upgrade_events = static_cast<int>(UpgradeEvent::window_over) + 1;

enum class UpgradeAction {
    verify,
    stage,
    probe,
    activate,
    compare,
    swap,          ///< calls go to the new generation from here on
    quiesce_old,
    activate_old,
    swap_back,     ///< calls go to the old generation again
    close_old,     ///< ends its process; its copy goes
    close_new,     ///< the same, as far as the new one has come
};
inline constexpr int upgrade_actions = static_cast<int>(UpgradeAction::close_new) + 1;

enum class UpgradeOutcome {
    unchanged,
    refused,      ///< the old generation serves as if nothing had been asked
    replaced,     ///< the new one serves
    rolled_back,  ///< the old one serves again
};

/// What follows: the actions in their order, and the phase that they belong to; idle begins after them.
struct UpgradeMove {
    UpgradePhase phase = UpgradePhase::idle;
    std::vector<UpgradeAction> actions;
    std::optional<UpgradeOutcome> outcome;  ///< that is decided by this
};

/// The whole of how an upgrade goes. An event that does not concern a phase changes nothing.
UpgradeMove next_move(UpgradePhase phase, UpgradeEvent event, bool force);

std::string_view to_text(UpgradePhase phase);
std::string_view to_text(UpgradeOutcome outcome);

}  // namespace elasticity
