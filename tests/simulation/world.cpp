#include "tests/simulation/world.hpp"

#include <algorithm>

namespace elasticity::simulation {
namespace {

constexpr Millis tick_interval{1'000};
constexpr std::size_t past_max = 300;
/// A loop that is called so often without any time passing is spinning.
constexpr int rounds_max = 1'000;

}  // namespace

World::World(WorldOptions options) : options_(std::move(options)) {
    for (const std::string& name : options_.backends) backends.providers[name];
    backends.before_create = [this](const auto& backend, const auto& order) { check_create(backend, order); };
    backends.before_destroy = [this](const auto& backend, const auto& key) { check_destroy(backend, key); };
    timeline.after(tick_interval, [this] { tick(); });
}

void World::start() {
    note("daemon starts");
    LoopSettings settings;
    settings.install_id = "install";
    settings.placement["docker"] = options_.backends;
    settings.max_instances = options_.max_instances;
    settings.target_urls[target] = "http://rabbit:15672/prod";
    settings.scaling_defaults = {
        {"idle_s", 20}, {"down_cooldown_s", 10}, {"look_back_s", 10}, {"boot_timeout_s", 60}};
    ++daemon.life;
    daemon.loop = std::make_unique<ControlLoop>(Ports{timeline, backends, broker, journal, journal, store},
                                                std::move(settings), journal.recovered());
    daemon.loop->on_desired(store.current());
}

void World::kill() {
    note("daemon is killed");
    daemon.loop.reset();
    ++daemon.life;
    journal.daemon_was_killed();
    backends.daemon_was_killed();
    broker.daemon_was_killed();
}

void World::deploy(const std::string& tool, boost::json::object fields) {
    note("deploy " + tool + " " + boost::json::serialize(fields));
    boost::json::object all{{"kind", "docker"}, {"image", "good"}, {"min_instances", 0}};
    for (auto& member : fields) all[member.key()] = member.value();
    ToolEntry entry;
    entry.key = key_of(tool);
    entry.fields = std::move(all);
    entry.request_id = "request-" + std::to_string(store.current()->generation + 1);
    const ToolEntry* held = entry_of(tool);
    entry.paused = held && held->paused && !held->removal;
    std::uint32_t& largest = largest_max_[tool];
    largest = std::max(largest, make_tool(entry, {}).max_instances);
    store.put(std::move(entry));
}

void World::remove(const std::string& tool, Removal removal) {
    note("remove " + tool + (removal.force ? " with force" : ""));
    ToolEntry entry = *entry_of(tool);
    entry.removal = removal;
    store.put(std::move(entry));
}

void World::pause(const std::string& tool, bool paused) {
    note((paused ? "pause " : "resume ") + tool);
    ToolEntry entry = *entry_of(tool);
    entry.paused = paused;
    store.put(std::move(entry));
}

void take_out_by_hand(World& world, const std::string& tool) {
    world.note("tools.json loses " + tool);
    world.taken_out_by_hand_.insert(tool);
    world.store.erase(World::key_of(tool));
}

void World::run_for(Millis duration) {
    const TimePoint end = timeline.now() + duration;
    int rounds = 0;
    while (true) {
        const TimePoint wake = daemon.loop ? daemon.loop->run_due() : TimePoint::max();
        const TimePoint next = std::min(wake, timeline.next_event().value_or(TimePoint::max()));
        if (next > end) break;
        rounds = next > timeline.now() ? 0 : rounds + 1;
        if (rounds > rounds_max) breach("the loop waits for an event or a time; it does not spin");
        timeline.advance_to(next);
    }
    timeline.advance_to(end);
}

void World::tick() {
    timeline.after(tick_interval, [this] { tick(); });
    backends.tick();
    broker.tick();
    check_workers();
    check_statuses();
}

std::size_t World::workers_of(const std::string& tool) const {
    std::size_t alive = 0;
    for (const auto& [name, provider] : backends.providers)
        for (const auto& [key, worker] : provider.workers)
            alive += worker.tool == key_of(tool) && worker.is_alive();
    return alive;
}

std::uint64_t World::waiting(const std::string& tool) const {
    const auto queue = broker.queues.find(queue_of(tool));
    return queue == broker.queues.end() ? 0 : queue->second.ready + broker.in_work(queue_of(tool));
}

const ToolEntry* World::entry_of(const std::string& tool) const {
    const HeldTool* held = store.current()->find(key_of(tool));
    return held ? &held->entry : nullptr;
}

std::string World::state_of(const std::string& tool) const {
    const Status* status = journal.last_status(key_of(tool));
    return status ? std::string(to_text(status->state)) : "";
}

std::string World::seen_state_of(const std::string& tool) const {
    const boost::json::object seen = daemon.loop->describe();
    for (const boost::json::value& each : seen.at("tools").as_array())
        if (each.at("tool").as_string() == tool) return std::string(each.at("state").as_string());
    return "";
}

std::string World::reason_of(const std::string& tool) const {
    const Status* status = journal.last_status(key_of(tool));
    return status ? status->reason : "";
}

void World::note(std::string text) {
    past_.push_back(to_rfc3339(timeline.now()) + " " + std::move(text));
    if (past_.size() > past_max) past_.pop_front();
}

void World::breach(const std::string& rule) const {
    std::string text;
    for (const std::string& line : past_) text += line + "\n";
    throw Breach(text + to_rfc3339(timeline.now()) + " BROKEN: " + rule);
}

}  // namespace elasticity::simulation
