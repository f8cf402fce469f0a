#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>

#include "tests/simulation/timeline.hpp"

namespace elasticity::simulation {

/// What becomes of a call. `lost` means that its answer says "maybe done".
enum class CallFate { done, refused, unavailable, lost_done, lost_undone };

/// A worker as it really is. Its image decides how it behaves: "crash" ends with exit code 1 after a second,
/// "exits" with 0 after five, "hang" boots for ever, "slow" for 55 seconds, "mute" never consumes, "missing"
/// cannot be created.
struct SimulatedWorker {
    Worker worker;
    ToolKey tool;
    std::string queue;
    std::string image;
    bool made_late = false;  ///< by a call of a daemon that was killed meanwhile
    bool holds_message = false;
    TimePoint busy_until{};

    bool consumes() const { return worker.state == WorkerState::running && image != "mute"; }
    bool is_alive() const {
        return worker.state == WorkerState::running || worker.state == WorkerState::provisioning;
    }
};

struct Provider {
    std::map<std::string, SimulatedWorker> workers;  ///< by key
    bool away = false;                               ///< answers nothing but "unavailable"
    bool listed = false;                             ///< the daemon that lives now has seen a complete list
    std::size_t lists = 0;
    std::size_t failed_lists = 0;
    std::size_t creates = 0;
    std::size_t destroys = 0;
};

/// Providers that are slow, refuse, lose answers, and keep their workers whatever becomes of the daemon.
class SimulatedBackends final : public Backends {
public:
    SimulatedBackends(Timeline& timeline, Daemon& daemon) : timeline_(timeline), daemon_(daemon) {}

    void list(const std::string& backend, CallToken token) override;
    void create(const std::string& backend, const WorkerOrder& order, CallToken token) override;
    void destroy(const std::string& backend, const std::string& key, const std::string& id,
                 CallToken token) override;

    /// Workers boot, run and end as their images say.
    void tick();
    /// It is gone at once, and so is its grip on its message.
    void remove_worker(Provider& provider, const std::string& key);
    void end_worker(SimulatedWorker& worker, std::int32_t exit_code);
    void daemon_was_killed();

    std::map<std::string, Provider> providers;
    std::function<CallFate(const std::string& backend)> fate = [](const std::string&) {
        return CallFate::done;
    };
    std::function<Millis()> latency = [] { return Millis(100); };
    /// Whether what a killed daemon had asked for still takes effect.
    std::function<bool()> finishes_after_kill = [] { return true; };
    Millis boot_time{2'000};

    /// Asked before anything else happens, so that a breach of a rule shows where it began.
    std::function<void(const std::string& backend, const WorkerOrder&)> before_create;
    std::function<void(const std::string& backend, const std::string& key)> before_destroy;
    /// A worker that held a message is gone.
    std::function<void(const SimulatedWorker&)> message_released;

private:
    struct Moment {
        std::uint64_t life;
        Millis effect;
        Millis answer;
    };
    Moment moment();
    bool takes_effect(std::uint64_t life) { return daemon_.lives(life) || finishes_after_kill(); }
    CallFate fate_now(const std::string& backend);
    void make(const std::string& backend, const WorkerOrder& order, bool late);
    void release(SimulatedWorker& worker);

    Timeline& timeline_;
    Daemon& daemon_;
    std::uint64_t last_id_ = 0;
};

}  // namespace elasticity::simulation
