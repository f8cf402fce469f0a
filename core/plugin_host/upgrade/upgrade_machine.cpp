#include "core/plugin_host/upgrade/upgrade_machine.hpp"

namespace elasticity {
namespace {

using Phase = UpgradePhase;
using Event = UpgradeEvent;
using Action = UpgradeAction;
using Outcome = UpgradeOutcome;

const UpgradeMove refused{Phase::idle, {Action::close_new}, Outcome::refused};

/// Up to the comparison the old generation serves, and every failure leaves it at that.
UpgradeMove move_of_candidate(Phase phase, Event event, UpgradeMove next) {
    if (event == Event::done) return next;
    if (event == Event::failed) return refused;
    return {phase, {}, {}};
}

UpgradeMove move_from_comparing(Event event, bool force) {
    const UpgradeMove swap{Phase::draining, {Action::swap}, {}};
    if (event == Event::workers_missing) return force ? swap : refused;
    return move_of_candidate(Phase::comparing, event, swap);
}

UpgradeMove move_from_draining(Event event) {
    switch (event) {
        case Event::drained: return {Phase::watching, {Action::quiesce_old}, Outcome::replaced};
        // Closing it cancels what has not returned; there is no way back then.
        case Event::drain_expired: return {Phase::idle, {Action::close_old}, Outcome::replaced};
        // The old one is still active.
        case Event::new_fails: return {Phase::returning, {Action::swap_back}, {}};
        default: return {Phase::draining, {}, {}};
    }
}

UpgradeMove move_from_watching(Event event) {
    switch (event) {
        case Event::new_fails: return {Phase::reactivating, {Action::activate_old}, {}};
        case Event::window_over: return {Phase::idle, {Action::close_old}, Outcome::replaced};
        // One generation to fall back on is enough, and that is the one that serves.
        case Event::requested: return {Phase::verifying, {Action::close_old, Action::verify}, {}};
        default: return {Phase::watching, {}, {}};
    }
}

}  // namespace

UpgradeMove next_move(UpgradePhase phase, UpgradeEvent event, bool force) {
    switch (phase) {
        case Phase::idle:
            if (event == Event::requested) return {Phase::verifying, {Action::verify}, {}};
            return {phase, {}, {}};
        case Phase::verifying: return move_of_candidate(phase, event, {Phase::staging, {Action::stage}, {}});
        case Phase::staging:
            if (event == Event::unchanged) return {Phase::idle, {Action::close_new}, Outcome::unchanged};
            return move_of_candidate(phase, event, {Phase::probing, {Action::probe}, {}});
        case Phase::probing: return move_of_candidate(phase, event, {Phase::activating, {Action::activate}, {}});
        case Phase::activating: return move_of_candidate(phase, event, {Phase::comparing, {Action::compare}, {}});
        case Phase::comparing: return move_from_comparing(event, force);
        case Phase::draining: return move_from_draining(event);
        case Phase::watching: return move_from_watching(event);
        case Phase::reactivating:
            if (event == Event::done) return {Phase::returning, {Action::swap_back}, {}};
            // Nothing is better than the new one then, bad as it is.
            if (event == Event::failed) return {Phase::idle, {Action::close_old}, Outcome::replaced};
            return {phase, {}, {}};
        case Phase::returning:
            if (event == Event::drained || event == Event::drain_expired)
                return {Phase::idle, {Action::close_new}, Outcome::rolled_back};
            return {phase, {}, {}};
    }
    __builtin_unreachable();
}

std::string_view to_text(UpgradePhase phase) {
    switch (phase) {
        case Phase::idle: return "serving";
        case Phase::verifying: return "verifying";
        case Phase::staging: return "staging";
        case Phase::probing: return "probing";
        case Phase::activating: return "activating";
        case Phase::comparing: return "comparing";
        case Phase::draining: return "draining";
        case Phase::watching: return "watching";
        case Phase::reactivating: return "reactivating";
        case Phase::returning: return "returning";
    }
    __builtin_unreachable();
}

std::string_view to_text(UpgradeOutcome outcome) {
    switch (outcome) {
        case Outcome::unchanged: return "unchanged";
        case Outcome::refused: return "refused";
        case Outcome::replaced: return "replaced";
        case Outcome::rolled_back: return "rolled_back";
    }
    __builtin_unreachable();
}

}  // namespace elasticity
