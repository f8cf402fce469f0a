#include "tests/simulation/contest.hpp"

#include <algorithm>
#include <cmath>

#include "tests/simulation/dice.hpp"
#include "tests/simulation/reference_policies.hpp"

namespace elasticity::simulation {
namespace {

constexpr const char* tool = "ocr";
constexpr std::uint32_t instances_max = 20;
constexpr Millis boot_time{30'000};
constexpr std::size_t tail_s = 1'800;
constexpr double lost_fraction = 1.05;

ReferencePolicy make_keda() {
    reference::KedaSettings settings;
    settings.max_replicas = instances_max;
    return [settings, memory = reference::KedaMemory{}](const Observation& seen, TimePoint now) mutable {
        return reference::keda_size(seen.instances, seen.ready + seen.unacknowledged, settings, memory, now);
    };
}

ReferencePolicy make_target_tracking() {
    reference::TargetTrackingSettings settings;
    settings.max_instances = instances_max;
    return [settings, next = TimePoint{}](const Observation& seen, TimePoint now) mutable {
        if (now < next) return seen.instances;
        next = now + settings.interval;
        return reference::target_tracking_size(seen.instances, seen.ready, settings);
    };
}

/// The machines of the original, of which a simulated world knows only the instances. All share the work alike.
class OriginalFleet {
public:
    std::uint32_t size(const Observation& seen, TimePoint now) {
        if (now < next_) return seen.instances;
        next_ = now + settings_.interval;
        feel_load(seen);
        suspend_idle(seen, now);
        return std::min(scale_up(seen, now), instances_max);
    }

private:
    struct Machine {
        reference::OriginalMachine seen;
        std::uint32_t instances = 1;
        TimePoint active_since{};
        std::uint64_t done_before = 0;  ///< by all, when its idle period began
    };

    std::uint32_t instances() const {
        std::uint32_t sum = 0;
        for (const Machine& machine : machines_) sum += machine.seen.suspended ? 0 : machine.instances;
        return sum;
    }

    /// The one-minute average, looked at once a minute, decays by e each time.
    void feel_load(const Observation& seen) {
        const double busy_share = static_cast<double>(seen.unacknowledged) / std::max(1U, instances());
        for (Machine& machine : machines_) {
            const double busy = machine.seen.suspended ? 0 : busy_share * machine.instances;
            machine.seen.load_average += (busy - machine.seen.load_average) * (1 - std::exp(-1.0));
        }
    }

    void suspend_idle(const Observation& seen, TimePoint now) {
        for (Machine& machine : machines_) {
            if (machine.seen.suspended || now - machine.active_since < settings_.idle) continue;
            const bool stays = instances() < settings_.min_instances + machine.instances;
            const bool idle = original_suspends(seen.done - machine.done_before, machine.active_since, settings_, now);
            if (idle && !stays) machine.seen.suspended = true;
            machine.active_since = now;
            machine.done_before = seen.done;
        }
    }

    std::uint32_t scale_up(const Observation& seen, TimePoint now) {
        std::vector<reference::OriginalMachine> view;
        for (const Machine& machine : machines_) view.push_back(machine.seen);
        // What it started a pass ago boots within the period, so that consumers are as many as instances.
        const auto step = reference::original_scale_up(seen.ready, seen.consumers, view, settings_);
        const bool full = instances() >= instances_max;
        using Kind = reference::OriginalStep::Kind;
        if (step.kind == Kind::start_instance && !full) ++machines_[step.machine].instances;
        if (step.kind == Kind::start_machine && !full) machines_.push_back({{settings_.vcpus, 0, false}, 1, now, seen.done});
        if (step.kind == Kind::resume_machine && !full) {
            machines_[step.machine].seen.suspended = false;
            machines_[step.machine].active_since = now;
            machines_[step.machine].done_before = seen.done;
        }
        return instances();
    }

    reference::OriginalSettings settings_;
    std::vector<Machine> machines_;
    TimePoint next_{};
};

ReferencePolicy make_original() {
    return [fleet = OriginalFleet()](const Observation& seen, TimePoint now) mutable { return fleet.size(seen, now); };
}

/// The product's defaults, where a simulated world has shorter times of its own.
boost::json::object default_scaling() {
    const ScalingPolicy defaults;
    const auto seconds = [](Millis time) { return std::chrono::duration_cast<std::chrono::seconds>(time).count(); };
    return {{"idle_s", seconds(defaults.idle)},
            {"down_cooldown_s", seconds(defaults.down_cooldown)},
            {"look_back_s", seconds(defaults.look_back)},
            {"boot_timeout_s", seconds(defaults.boot_timeout)}};
}

/// A world with one tool, sized by the real loop or by a reference in its place.
class Contest {
public:
    Contest(const Workload& workload, const Contestant& contestant) : dice_(workload.seed) {
        world_.backends.boot_time = boot_time;
        world_.broker.job_time = [this] { return Millis(1'000 * (1 + dice_.roll(5))); };
        world_.broker.queues[World::queue_of(tool)];
        world_.backends.message_released = [this, put_back = world_.backends.message_released](const auto& worker) {
            ++outcome_.run_twice;
            put_back(worker);
        };
        const boost::json::object fields{{"max_instances", instances_max}, {"scaling", default_scaling()}};
        if (contestant.make) {
            policy_ = contestant.make();
            world_.backends.before_create = {};  // the rules of the loop bind nobody else
            order_.tool.key = World::key_of(tool);
            order_.tool.queue = tool;
            order_.tool.params = {{"image", "good"}};
        } else {
            world_.start();
            world_.deploy(tool, fields);
        }
        world_.run_for(Millis(60'000));  // deployed, listed, and where it will be without work
    }

    Outcome run(const Workload& workload) {
        const auto& queue = world_.broker.queues.at(World::queue_of(tool));
        std::size_t published_at = 0;
        for (std::size_t second = 0; second < workload.arrivals.size() + tail_s; ++second) {
            const std::uint32_t arrivals = second < workload.arrivals.size() ? workload.arrivals[second] : 0;
            world_.broker.publish(World::queue_of(tool), arrivals);
            if (arrivals > 0) published_at = second;
            step();
            if (queue.done < queue.published) outcome_.drain_s = static_cast<double>(second + 1 - published_at);
        }
        outcome_.jobs = queue.published;
        outcome_.drained = queue.done == queue.published;
        return outcome_;
    }

private:
    void step() {
        if (policy_) follow(policy_(observe(), world_.timeline.now()));
        world_.run_for(Millis(1'000));
        const Provider& provider = world_.engine();
        const std::size_t calls = provider.creates + provider.destroys;
        if (std::exchange(calls_before_, calls) != calls) ++outcome_.scale_actions;
        outcome_.worker_s += static_cast<double>(world_.workers_of(tool));
        outcome_.in_system_s += static_cast<double>(world_.waiting(tool));
    }

    Observation observe() const {
        const auto name = World::queue_of(tool);
        const auto& queue = world_.broker.queues.at(name);
        const auto& workers = world_.backends.providers.at("engine").workers;
        const auto consumers = std::count_if(workers.begin(), workers.end(), [](const auto& each) { return each.second.consumes(); });
        return {queue.ready, world_.broker.in_work(name), static_cast<std::uint32_t>(consumers), queue.done, ordered_};
    }

    void follow(std::uint32_t size) {
        for (; ordered_ < size; ++ordered_) {
            order_.key = "ref-" + std::to_string(100'000 + ++last_key_);
            world_.backends.create("engine", order_, 0);
        }
        for (; ordered_ > size; --ordered_) end_one();
    }

    /// As a ReplicaSet chooses: those that still boot, then the newest. A worker that is ended drops its message.
    void end_one() {
        Provider& provider = world_.engine();
        auto victim = provider.workers.begin();
        for (auto each = provider.workers.begin(); each != provider.workers.end(); ++each) {
            const auto rank = [](const SimulatedWorker& worker) {
                return std::pair(worker.worker.state == WorkerState::provisioning, worker.worker.created);
            };
            if (rank(each->second) > rank(victim->second)) victim = each;
        }
        if (victim == provider.workers.end()) return;
        ++provider.destroys;
        world_.backends.remove_worker(provider, std::string(victim->first));
    }

    World world_;
    Dice dice_;
    ReferencePolicy policy_;
    WorkerOrder order_;
    Outcome outcome_;
    std::uint32_t ordered_ = 0;
    std::uint64_t last_key_ = 0;
    std::size_t calls_before_ = 0;
};

}  // namespace

std::vector<Contestant> all_contestants() {
    return {{"Elasticity", {}},
            {"KEDA and HPA", make_keda},
            {"target tracking", make_target_tracking},
            {"original module", make_original}};
}

Outcome run_contest(const Workload& workload, const Contestant& contestant) {
    return Contest(workload, contestant).run(workload);
}

bool loses(const Outcome& ours, const Outcome& theirs) {
    const bool slower =
        ours.drain_s > lost_fraction * theirs.drain_s || ours.in_system_s > lost_fraction * theirs.in_system_s;
    return slower && ours.worker_s > lost_fraction * theirs.worker_s;
}

Outcome& Outcome::operator+=(const Outcome& other) {
    drain_s += other.drain_s;
    in_system_s += other.in_system_s;
    worker_s += other.worker_s;
    scale_actions += other.scale_actions;
    jobs += other.jobs;
    run_twice += other.run_twice;
    drained = drained && other.drained;
    return *this;
}

std::vector<Standing> run_contests(std::uint64_t traces) {
    const std::vector<Contestant> contestants = all_contestants();
    std::vector<Standing> standings;
    for (const Workload& workload : all_workloads(traces)) {
        const bool is_new = standings.empty() || standings.back().workload != workload.name;
        if (is_new)
            for (const Contestant& each : contestants) standings.push_back({workload.name, each.name, 0, {}, false, 0});
        const auto first = standings.end() - static_cast<std::ptrdiff_t>(contestants.size());
        const Outcome ours = run_contest(workload, contestants.front());
        for (std::size_t i = 0; i < contestants.size(); ++i) {
            Standing& standing = first[static_cast<std::ptrdiff_t>(i)];
            const Outcome outcome = i == 0 ? ours : run_contest(workload, contestants[i]);
            ++standing.rounds;
            standing.outcome += outcome;
            standing.ours_loses = loses(first->outcome, standing.outcome);
            standing.rounds_lost += loses(ours, outcome);
        }
    }
    return standings;
}

}  // namespace elasticity::simulation
