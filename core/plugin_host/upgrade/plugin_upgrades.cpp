#include "core/plugin_host/upgrade/plugin_upgrades.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/daemon/log.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

using Clock = BackendUpgrade::Clock;

int ms_until(Clock::time_point time) {
    if (time == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

json::object described(const PluginGeneration& serving) {
    const CatalogEntry& entry = serving.entry();
    return {{"id", entry.plugin_id},
            {"version", entry.plugin_version},
            {"generation", serving.number()},
            {"sha256", entry.staged ? json::value(entry.staged->sha256()) : json::value(nullptr)},
            {"file", (entry.staged ? entry.staged->source() : entry.file).string()},
            {"isolation", serving.settings().isolation == Isolation::in_process ? "in_process" : "process"}};
}

}  // namespace

struct PluginUpgrades::Backend {
    Backend(BackendSlot& its_slot, PluginUpgrades& upgrades)
        : slot(its_slot), upgrade(upgrades.surroundings_, upgrades.records_, upgrades.cancellable_, slot,
                                  [wake = upgrades.wake_] { wake->notify(); },
                                  [this, &upgrades] { upgrades.publish(*this); }) {}

    BackendSlot& slot;
    BackendUpgrade upgrade;    // The thread's, once it runs.
    std::string plugin;        // Names the file.
    json::object spec_schema;  // As it was told last.
    json::object description;  // What others may read while the thread works.
};

PluginUpgrades::PluginUpgrades(UpgradeSurroundings surroundings) : surroundings_(std::move(surroundings)) {
    auto watch = FolderWatch::open(surroundings_.plugin_dir);
    if (watch) folder_watch_ = std::move(*watch);
    else log_line(LogLevel::warning, "plugins", watch.error().message + "; files that are renamed into it are not noticed");
}

PluginUpgrades::~PluginUpgrades() {
    cancellable_.cancel();
    wake_->notify();
    if (thread_.joinable()) thread_.join();
    records_.close();
}

void PluginUpgrades::add(BackendSlot& slot) {
    auto backend = std::make_unique<Backend>(slot, *this);
    const BackendSettings& settings = slot.current()->settings();
    backend->plugin = settings.plugin;
    backend->spec_schema = slot.current()->entry().spec_schema;
    publish(*backend);
    backends_[settings.name] = std::move(backend);
}

void PluginUpgrades::start() {
    thread_ = std::thread([this] { work(); });
}

Result<std::uint64_t> PluginUpgrades::request(const std::string& backend, const std::string& cause,
                                              UpgradeRequest request) {
    if (!backends_.contains(backend))
        return Error{ErrorKind::not_found, "no backend '" + backend + "' is open; see elasticity status"};
    UpgradeRecord record;
    record.backend = backend;
    record.cause = cause;
    const std::uint64_t id = request.record = records_.add(std::move(record));
    {
        const std::scoped_lock lock(mutex_);
        requests_.emplace_back(backend, std::move(request));
    }
    wake_->notify();
    return id;
}

json::object PluginUpgrades::describe(const std::string& backend) const {
    const auto hit = backends_.find(backend);
    if (hit == backends_.end()) return {};
    std::unique_lock lock(mutex_);
    json::object text = hit->second->description;
    lock.unlock();
    const auto last = records_.last_of(backend);
    text["last_upgrade"] = last ? json::value(to_json(*last)) : json::value(nullptr);
    return text;
}

void PluginUpgrades::work() {
    Clock::time_point wake_at = Clock::time_point::max();
    while (!cancellable_.cancelled()) {
        pollfd events[] = {{wake_->fd(), POLLIN, 0}, {folder_watch_ ? folder_watch_->descriptor() : -1, POLLIN, 0}};
        poll(events, std::size(events), ms_until(wake_at));
        wake_->clear();
        if (events[1].revents != 0) take_folder_changes();
        take_requests();
        wake_at = advance_all();
    }
}

Clock::time_point PluginUpgrades::advance_all() {
    Clock::time_point next = Clock::time_point::max();
    for (const auto& [name, backend] : backends_) next = std::min(next, backend->upgrade.advance());
    return next;
}

void PluginUpgrades::take_requests() {
    std::unique_lock lock(mutex_);
    std::deque<std::pair<std::string, UpgradeRequest>> requests;
    requests.swap(requests_);
    lock.unlock();
    for (auto& [name, request] : requests) {
        const std::uint64_t id = request.record;
        if (backends_.at(name)->upgrade.enqueue(std::move(request))) continue;
        const std::string why = "too many upgrades of this backend wait already";
        log_line(LogLevel::error, "backend " + name, "upgrade refused: " + why);
        records_.change(id, [&why](UpgradeRecord& record) {
            record.outcome = UpgradeOutcome::refused;
            record.reason = why;
            record.settled = true;
        });
    }
}

void PluginUpgrades::take_folder_changes() {
    const auto changes = folder_watch_->drain();
    if (!changes) {
        log_line(LogLevel::warning, "plugins", changes.error().message + "; upgrade with `elasticity plugin upgrade`");
        if (folder_watch_->is_gone()) folder_watch_.reset();
        return;
    }
    for (const FolderChange& change : *changes) take_folder_change(change);
}

/// A file that is written in place may be read when it is half there: only a rename says that it is whole.
void PluginUpgrades::take_folder_change(const FolderChange& change) {
    for (const auto& [name, backend] : backends_) {
        if (change.name != backend->plugin + ".so") continue;
        if (change.is_renamed) {
            // The backend is open, so that there is nothing to refuse.
            (void)request(name, "the file was replaced", {});
            continue;
        }
        log_line(LogLevel::warning, "backend " + name,
                 (surroundings_.plugin_dir / change.name).string() +
                     " was written in place, which upgrades nothing: the plugin runs from its own copy. Rename a whole "
                     "file into its place, or use `elasticity plugin upgrade " + name + "`");
    }
    if (!change.is_renamed) return;
    for (const auto& [name, settings] : surroundings_.settings.backends)
        if (!backends_.contains(name) && change.name == settings.plugin + ".so") return surroundings_.on_repairable(name);
}

void PluginUpgrades::publish(Backend& backend) {
    const auto serving = backend.slot.current();
    if (serving->entry().spec_schema != backend.spec_schema) {
        backend.spec_schema = serving->entry().spec_schema;
        surroundings_.on_fields(serving->settings().name, backend.spec_schema);
    }
    json::object text = described(*serving);
    const PluginGeneration* beside = backend.upgrade.beside();
    text["state"] = to_text(backend.upgrade.phase());
    text["beside"] = beside ? json::value(beside->number()) : json::value(nullptr);
    const std::scoped_lock lock(mutex_);
    backend.description = std::move(text);
}

}  // namespace elasticity
