#pragma once
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "tests/simulation/simulated_backends.hpp"

namespace elasticity::simulation {

/// Queues, and the workers that consume them: prefetch 1, acknowledged after the work.
class SimulatedBroker final : public QueueReadings {
public:
    using Name = std::pair<std::string, std::string>;  ///< target, queue

    struct Queue {
        std::uint64_t ready = 0;
        std::uint64_t published = 0;
        std::uint64_t done = 0;
    };

    SimulatedBroker(Timeline& timeline, Daemon& daemon, SimulatedBackends& backends);

    void watch(const std::string& target_id, const std::string& queue, bool with_counters) override {
        watched_[{target_id, queue}] = with_counters;
    }
    void unwatch(const std::string& target_id, const std::string& queue) override;
    void create_queue(const Tool& tool, CallToken token) override;
    void delete_queue(const Tool& tool, CallToken token) override;

    /// A message to a queue that does not exist is lost, as at a real broker.
    void publish(const Name& name, std::uint64_t messages);
    /// Workers take, finish and acknowledge; then the queues are read.
    void tick();
    void daemon_was_killed();

    /// What the daemon that lives now was told last.
    Reading known(const Name& name) const;
    std::uint64_t in_work(const Name& name) const;

    std::map<Name, Queue> queues;
    bool away = false;
    bool has_management = true;  ///< without it nobody tells how many messages are in work
    Millis service_time{3'000};
    std::function<Millis()> job_time = [this] { return service_time; };  ///< of the next job that is begun
    std::size_t queue_calls = 0;
    std::function<Millis()> reading_delay = [] { return Millis(0); };
    std::function<bool()> reading_lost = [] { return false; };

private:
    std::vector<SimulatedWorker*> consumers(const Name& name) const;
    void work();
    void renew_statistics();
    Reading read(const Name& name) const;

    Timeline& timeline_;
    Daemon& daemon_;
    SimulatedBackends& backends_;
    std::map<Name, bool> watched_;             ///< whether with counters
    std::map<Name, WorkCounters> statistics_;  ///< as of their last renewal
    std::map<Name, Reading> known_;
};

}  // namespace elasticity::simulation
