#include "core/plugin_host/upgrade/backend_upgrade.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <future>

#include "core/daemon/log.hpp"

namespace elasticity {
namespace {

constexpr std::size_t waiting_max = 16;
constexpr std::chrono::seconds list_timeout{30};
constexpr std::chrono::seconds quiesce_timeout{10};
constexpr std::size_t names_shown_max = 5;

Error refused(const std::string& why) { return {ErrorKind::refused, why}; }

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), names_shown_max); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > names_shown_max) text += " and " + std::to_string(names.size() - names_shown_max) + " more";
    return text;
}

bool same_settings(const BackendSettings& one, const BackendSettings& other) {
    return one.config == other.config && one.concurrency == other.concurrency && one.isolation == other.isolation &&
           one.plugin_memory_bytes == other.plugin_memory_bytes;
}

TimePoint wall_clock_now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

std::string generation(unsigned number) { return "generation " + std::to_string(number); }

}  // namespace

BackendUpgrade::BackendUpgrade(const UpgradeSurroundings& surroundings, UpgradeRecords& records, Cancellable& cancellable,
                               BackendSlot& slot, std::function<void()> wake, std::function<void()> on_change)
    : surroundings_(surroundings), records_(records), cancellable_(cancellable), slot_(slot), wake_(std::move(wake)),
      on_change_(std::move(on_change)), name_(slot.current()->settings().name) {}

BackendUpgrade::~BackendUpgrade() { slot_.current()->health()->listen(nullptr); }

bool BackendUpgrade::enqueue(UpgradeRequest request) {
    if (waiting_.size() >= waiting_max) return false;
    waiting_.push_back(std::move(request));
    return true;
}

BackendUpgrade::Clock::time_point BackendUpgrade::advance() {
    while (!cancellable_.cancelled()) {
        const std::optional<UpgradeEvent> event = next_event();
        if (!event) break;
        handle(*event);
    }
    return deadline_;
}

std::optional<UpgradeEvent> BackendUpgrade::next_event() {
    if (const auto event = event_of_generations(Clock::now())) return event;
    const bool is_free = phase_ == UpgradePhase::idle || phase_ == UpgradePhase::watching;
    if (waiting_.empty() || !is_free) return std::nullopt;
    return UpgradeEvent::requested;
}

/// What the generations themselves, or the clock, have to say.
std::optional<UpgradeEvent> BackendUpgrade::event_of_generations(Clock::time_point now) {
    const bool new_serves = phase_ == UpgradePhase::draining || phase_ == UpgradePhase::watching;
    const bool drains = phase_ == UpgradePhase::draining || phase_ == UpgradePhase::returning;
    if (new_serves) {
        trouble_ = unfitness(slot_.current()->health()->reading());
        if (!trouble_.empty()) return UpgradeEvent::new_fails;
    }
    if (drains && beside_->health()->reading().in_flight == 0) return UpgradeEvent::drained;
    if (now < deadline_) return std::nullopt;
    return drains ? UpgradeEvent::drain_expired : UpgradeEvent::window_over;
}

void BackendUpgrade::handle(UpgradeEvent event) {
    while (const auto next = move_on(event)) {
        if (cancellable_.cancelled()) return;
        event = *next;
    }
}

/// Returns the event that follows from what was done.
std::optional<UpgradeEvent> BackendUpgrade::move_on(UpgradeEvent event) {
    const UpgradeMove move = next_move(phase_, event, request_.force);
    if (event == UpgradeEvent::new_fails) tell(phase_, "the new generation fails: " + trouble_);
    if (event == UpgradeEvent::requested) {
        request_ = std::move(waiting_.front());
        waiting_.pop_front();
    }
    const bool was_settled = phase_ == UpgradePhase::watching && move.outcome == UpgradeOutcome::replaced;
    // It is over only when all is closed that was to be.
    const bool is_over = move.phase == UpgradePhase::idle;
    if (!is_over) enter(move.phase);
    std::optional<UpgradeEvent> next;
    for (const UpgradeAction action : move.actions) next = act(action);
    if (is_over) enter(move.phase);
    if (move.outcome && !was_settled) settle(*move.outcome);
    return next;
}

/// The deadlines of the phases that wait; the others act at once.
void BackendUpgrade::enter(UpgradePhase phase) {
    phase_ = phase;
    const bool drains = phase == UpgradePhase::draining || phase == UpgradePhase::returning;
    deadline_ = drains                            ? Clock::now() + surroundings_.drain_timeout
                : phase == UpgradePhase::watching ? Clock::now() + surroundings_.rollback_window
                                                  : Clock::time_point::max();
    on_change_();
}

/// The event that ends the phase, where the action does.
std::optional<UpgradeEvent> BackendUpgrade::act(UpgradeAction action) {
    const auto event_of = [this](Result<UpgradeEvent> result) {
        if (!result) trouble_ = result.error().message;
        return result ? *result : UpgradeEvent::failed;
    };
    switch (action) {
        case UpgradeAction::verify: return event_of(verify());
        case UpgradeAction::stage: return event_of(stage());
        case UpgradeAction::probe: return event_of(probe());
        case UpgradeAction::activate: return event_of(activate());
        case UpgradeAction::compare: return event_of(compare());
        case UpgradeAction::activate_old: return event_of(activate_old());
        case UpgradeAction::quiesce_old: quiesce_old(); return std::nullopt;
        case UpgradeAction::swap:
        case UpgradeAction::swap_back: swap(); return std::nullopt;
        case UpgradeAction::close_old:
        case UpgradeAction::close_new: {
            if (beside_) tell(phase_, generation(beside_->number()) + " is closed");
            slot_.current()->health()->listen(nullptr);
            beside_.reset();
            entry_.reset();
            staged_.reset();
            opened_.reset();
            return std::nullopt;
        }
    }
    __builtin_unreachable();
}

BackendSettings BackendUpgrade::wanted_settings() const {
    return request_.settings.value_or(slot_.current()->settings());
}

Result<UpgradeEvent> BackendUpgrade::verify() {
    const auto current = slot_.current();
    if (request_.file.empty()) request_.file = surroundings_.plugin_dir / (current->settings().plugin + ".so");
    records_.change(request_.record, [&](UpgradeRecord& record) {
        record.file = request_.file.string();
        record.from = current->number();
    });
    tell(phase_, request_.file.string());
    auto opened = open_plugin(request_.file);
    if (!opened) return opened.error();
    if (const auto verified = verify_plugin(*opened, ::geteuid()); !verified) return verified.error();
    if (wanted_settings().isolation == Isolation::in_process)
        if (const auto room = check_room_in_process(); !room) return room.error();
    opened_ = std::move(*opened);
    return UpgradeEvent::done;
}

Result<UpgradeEvent> BackendUpgrade::stage() {
    const auto current = slot_.current();
    const unsigned number = last_number_ + 1;
    auto staged = surroundings_.staging.stage(*opened_, name_, number);
    opened_.reset();
    if (!staged) return staged.error();
    staged_ = std::move(*staged);
    last_number_ = number;
    records_.change(request_.record, [&](UpgradeRecord& record) { record.sha256 = staged_->sha256(); });
    tell(phase_, "sha256 " + staged_->sha256());
    const auto& serving = current->entry().staged;
    const bool is_same = serving && serving->sha256() == staged_->sha256() &&
                         same_settings(current->settings(), wanted_settings());
    if (!is_same || request_.force) return UpgradeEvent::done;
    trouble_ = generation(current->number()) + " runs that very file already";
    return UpgradeEvent::unchanged;
}

/// Before anything of it runs beside the old generation: a file that crashes or hangs ends with its child.
Result<UpgradeEvent> BackendUpgrade::probe() {
    const BackendSettings settings = wanted_settings();
    BackendSettings isolated = settings;
    isolated.isolation = Isolation::process;
    Findings findings;
    auto entry = load_catalog_entry(isolated, surroundings_.settings, staged_->file(), findings);
    if (!entry) return within(request_.file.string(), entry.error());
    if (!findings.empty()) return refused(findings.front().pointer + ": " + findings.front().message);
    const auto current = slot_.current();
    if (entry->plugin_id != current->entry().plugin_id)
        return refused("it is plugin " + entry->plugin_id + ", " + current->entry().plugin_id + " was wanted");
    entry->staged = staged_;
    if (settings.isolation == Isolation::in_process)
        if (const auto rehearsed = rehearse(*entry, isolated); !rehearsed) return rehearsed.error();
    tell(phase_, entry->plugin_id + " " + entry->plugin_version + " loads in a process of its own and takes the settings");
    if (entry->spec_schema != current->entry().spec_schema)
        tell(phase_, "it declares other fields of a tool; messages are checked against them as soon as it serves");
    entry_ = std::move(*entry);
    return UpgradeEvent::done;
}

/// What would crash in activate or list must not do so in our own process.
Result<void> BackendUpgrade::rehearse(const CatalogEntry& entry, const BackendSettings& settings) {
    auto host = surroundings_.host(name_);
    if (!host) return host.error();
    const auto rehearsal = open_generation({last_number_, settings, entry, std::move(*host)});
    if (!rehearsal) return rehearsal.error();
    const auto listed = list(**rehearsal);
    if (!listed) return listed.error();
    return {};
}

Result<UpgradeEvent> BackendUpgrade::activate() {
    auto host = surroundings_.host(name_);
    if (!host) return host.error();
    auto opened = open_generation({last_number_, wanted_settings(), *entry_, std::move(*host)});
    if (!opened) return opened.error();
    beside_ = std::move(*opened);
    beside_->health()->listen(wake_);
    records_.change(request_.record, [&](UpgradeRecord& record) { record.to = beside_->number(); });
    tell(phase_, generation(beside_->number()) + " is active beside " + generation(slot_.current()->number()));
    return UpgradeEvent::done;
}

Result<Instances> BackendUpgrade::list(PluginGeneration& of) {
    const auto answer = std::make_shared<std::promise<sdk::HostResult<Instances>>>();
    auto future = answer->get_future();
    const sdk::CallId id = of.pool().submit<Instances>(
        {sdk::CallKind::list, "list", "", "upgrade-list", 1, list_timeout},
        [](BackendCalls& plugin, sdk::HostCall& call) { return plugin.list(call); },
        [answer](sdk::HostResult<Instances> result) { answer->set_value(std::move(result)); });
    const Cancellable::Scope scope(cancellable_, [&of, id] { of.pool().cancel(id); });
    auto listed = future.get();
    if (!listed) return Error{ErrorKind::unavailable, listed.error().message};
    return std::move(*listed);
}

/// Where the old generation cannot say what there is, it cannot be what knows better.
Result<UpgradeEvent> BackendUpgrade::compare() {
    const auto current = slot_.current();
    const auto before = list(*current);
    const auto found = list(*beside_);
    if (!found) return Error{found.error().kind, "it cannot list its workers: " + found.error().message};
    const auto after = before ? list(*current) : before;
    if (!after) {
        tell(phase_, "it finds " + std::to_string(found->size()) + " workers; " + generation(current->number()) +
                         " cannot say: " + after.error().message);
        return UpgradeEvent::done;
    }
    const auto missing = missing_workers(*before, *found, *after);
    if (missing.empty()) {
        tell(phase_, "it finds all " + std::to_string(found->size()) + " workers");
        return UpgradeEvent::done;
    }
    trouble_ = "it does not find " + std::to_string(missing.size()) + " of the workers that " +
               generation(current->number()) + " finds: " + joined(missing);
    if (request_.force) tell(phase_, trouble_ + "; forced");
    return UpgradeEvent::workers_missing;
}

/// The one beside takes over from the one that serves, either way.
void BackendUpgrade::swap() {
    std::shared_ptr<PluginGeneration> next = std::move(beside_);
    beside_ = slot_.current();
    slot_.serve(next);
    beside_->health()->listen(wake_);
    on_change_();
    tell(phase_, generation(next->number()) + " serves; " + std::to_string(beside_->health()->reading().in_flight) +
                     " calls of " + generation(beside_->number()) + " are under way");
}

/// One that cannot be quiesced is kept all the same: a rollback activates it anyway.
void BackendUpgrade::quiesce_old() {
    sdk::HostCall call("quiesce", 1, Clock::now() + quiesce_timeout);
    const Cancellable::Scope scope(cancellable_, [&call] { call.cancel(); });
    const auto quiesced = beside_->calls().quiesce(call);
    if (!quiesced) tell(phase_, generation(beside_->number()) + " cannot be quiesced: " + quiesced.error().message);
    const auto window = std::chrono::ceil<std::chrono::seconds>(surroundings_.rollback_window);
    tell(phase_, generation(beside_->number()) + " is kept for " + std::to_string(window.count()) + " s");
}

Result<UpgradeEvent> BackendUpgrade::activate_old() {
    const std::string failure = trouble_;
    sdk::HostCall call("activate", 1, Clock::now() + list_timeout);
    const Cancellable::Scope scope(cancellable_, [&call] { call.cancel(); });
    if (const auto active = beside_->calls().activate(call); !active)
        return refused(failure + "; and " + generation(beside_->number()) +
                       " cannot be activated again: " + active.error().message);
    tell(phase_, generation(beside_->number()) + " is active again");
    return UpgradeEvent::done;
}

void BackendUpgrade::tell(UpgradePhase phase, const std::string& text) {
    records_.change(request_.record, [&](UpgradeRecord& record) {
        record.steps.push_back({std::string(to_text(phase)), text, wall_clock_now()});
    });
    log_line(LogLevel::info, "backend " + name_, "upgrade " + std::string(to_text(phase)) + ": " + text);
}

/// Those who wait for it may look at the backend at once.
void BackendUpgrade::settle(UpgradeOutcome outcome) {
    on_change_();
    const std::string serves = generation(slot_.current()->number()) + " serves";
    const bool has_trouble = outcome != UpgradeOutcome::replaced || !trouble_.empty();
    const std::string reason = has_trouble ? trouble_ : serves;
    const bool is_good = !has_trouble || outcome == UpgradeOutcome::unchanged;
    trouble_.clear();
    records_.change(request_.record, [&](UpgradeRecord& record) {
        record.outcome = outcome;
        record.reason = reason;
        record.settled = true;
    });
    log_line(is_good ? LogLevel::info : LogLevel::error, "backend " + name_,
             "upgrade " + std::string(to_text(outcome)) + ": " + reason + (reason == serves ? "" : "; " + serves));
}

}  // namespace elasticity
