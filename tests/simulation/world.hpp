#pragma once
#include <boost/json.hpp>
#include <deque>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/simulation/simulated_backends.hpp"
#include "tests/simulation/simulated_broker.hpp"
#include "tests/simulation/simulated_store.hpp"

namespace elasticity::simulation {

/// A rule of the house was broken; the text says which, when, and what went before.
struct Breach : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct WorldOptions {
    std::vector<std::string> backends{"engine"};  ///< placement of kind docker, best first
    std::map<std::string, std::uint32_t> max_instances;
};

/// A daemon and everything around it: providers, a broker, tools.json and the journal. Only the daemon dies.
class World {
public:
    explicit World(WorldOptions options = {});

    void start();
    void kill();
    void restart() {
        kill();
        start();
    }

    /// Deploys a tool whose queue is named like it. `fields` overrides "kind": "docker" and "image": "good".
    void deploy(const std::string& tool, boost::json::object fields = {});
    void remove(const std::string& tool, Removal removal = {});
    void pause(const std::string& tool, bool paused);

    void run_for(Millis duration);

    Timeline timeline;
    Daemon daemon;
    SimulatedBackends backends{timeline, daemon};
    SimulatedBroker broker{timeline, daemon, backends};
    SimulatedStore store{timeline, daemon};
    SimulatedJournal journal{timeline, daemon};

    Provider& engine() { return backends.providers.at("engine"); }
    std::size_t workers_of(const std::string& tool) const;
    std::uint64_t waiting(const std::string& tool) const;
    const ToolEntry* entry_of(const std::string& tool) const;
    /// "running" and so on, as published last; "" before the first.
    std::string state_of(const std::string& tool) const;
    std::string reason_of(const std::string& tool) const;
    /// As the command line shows it: known even where it cannot be published.
    std::string seen_state_of(const std::string& tool) const;

    static ToolKey key_of(const std::string& tool) { return {target, tool}; }
    static SimulatedBroker::Name queue_of(const std::string& tool) { return {target, tool}; }

    /// Notes what happens, for the report of a breach.
    void note(std::string text);
    [[noreturn]] void breach(const std::string& rule) const;

    static constexpr const char* target = "amqp://rabbit:5672/prod";

private:
    void tick();
    void check_create(const std::string& backend, const WorkerOrder& order);
    void check_destroy(const std::string& backend, const std::string& key);
    void check_workers() const;
    void check_statuses();
    bool counts(const SimulatedWorker& worker) const;

    WorldOptions options_;
    std::map<std::string, std::uint32_t> largest_max_;  ///< by tool: the greatest max_instances it ever had
    std::set<std::string> taken_out_by_hand_;
    std::size_t checked_statuses_ = 0;
    std::map<ToolKey, Status> checked_;
    std::deque<std::string> past_;

    friend void take_out_by_hand(World& world, const std::string& tool);
};

/// An operator deletes the tool's entry from tools.json.
void take_out_by_hand(World& world, const std::string& tool);

}  // namespace elasticity::simulation
