// What decisions cost: the real control loop, with ports that answer at once and do nothing.
//     elasticity-bench-plan TOOLS ROUNDS
// Each tool has ten workers, which run, and needs them all: planning it finds nothing to do. Prints, as medians and
// in nanoseconds of processor time: a pass over all tools, a pass over one of them, the processing of a whole list; and the resident
// memory in bytes.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/control_loop.hpp"

using namespace elasticity;

namespace {

constexpr std::uint32_t workers_per_tool = 10;
constexpr std::size_t message_count = 195;  // ceil(195 / 20) = 10 workers
const TimePoint born = from_unix_ms(1'799'990'000'000);  // hours before the clock's first time
constexpr const char* target = "amqp://rabbit:5672/prod";

std::string name_of(std::size_t tool) {
    return "tool-" + std::to_string(tool);
}

class HandClock final : public Clock {
public:
    TimePoint now() const override { return now_; }
    void advance(Millis by) { now_ += by; }

private:
    TimePoint now_ = from_unix_ms(1'800'000'000'000);
};

/// Ports that only remember what was asked of them: nothing but the first list is to be asked for.
class IdlePorts final : public Backends, public QueueReadings, public Journal, public StatusSink, public ToolStore {
public:
    void list(const std::string&, CallToken token) override { list_token = token; }
    void create(const std::string&, const WorkerOrder&, CallToken) override { ++unexpected; }
    void destroy(const std::string&, const std::string&, const std::string&, CallToken) override { ++unexpected; }
    void watch(const std::string&, const std::string&, bool) override {}
    void unwatch(const std::string&, const std::string&) override { ++unexpected; }
    void create_queue(const Tool&, CallToken) override { ++unexpected; }
    void delete_queue(const Tool&, CallToken) override { ++unexpected; }
    void commit(JournalEntry, CallToken) override { ++unexpected; }
    void publish(const ToolKey&, const Status& status) override {
        ++published;
        if (status.state != ToolState::running) ++unexpected;
    }
    void forget(const ToolKey&) override { ++unexpected; }

    std::optional<CallToken> list_token;
    std::size_t published = 0;
    std::size_t unexpected = 0;
};

class Bench {
public:
    explicit Bench(std::size_t tool_count)
        : tool_count_(tool_count), loop_({clock_, ports_, ports_, ports_, ports_, ports_}, settings(), {}) {
        deploy();
        loop_.on_listed(*std::exchange(ports_.list_token, {}), listed());
        loop_.run_due();
        pass(tool_count_);
        if (ports_.published != tool_count_) throw std::runtime_error("not every tool is running");
    }

    long long full_pass() { return pass(tool_count_); }
    long long one_change() { return pass(1); }

    /// Of all workers, none of which changed, as every list interval brings it.
    long long whole_list() {
        clock_.advance(Millis(15'000));
        loop_.run_due();
        std::vector<Worker> workers = listed();
        return nanoseconds([&] {
            loop_.on_listed(*std::exchange(ports_.list_token, {}), std::move(workers));
            loop_.run_due();
        });
    }

    void check() const {
        if (ports_.unexpected > 0) throw std::runtime_error("the loop did more than plan");
    }

private:
    static LoopSettings settings() {
        LoopSettings settings;
        settings.install_id = "install";
        settings.placement["docker"] = {"engine"};
        settings.max_instances["engine"] = 200'000;
        return settings;
    }

    void deploy() {
        auto desired = std::make_shared<DesiredState>();
        for (std::size_t i = 0; i < tool_count_; ++i) {
            ToolEntry entry;
            entry.key = {target, name_of(i)};
            entry.fields = {{"kind", "docker"}, {"image", "good"}, {"min_instances", 0}, {"name_prefix", "worker"}};
            entry.generation = 1;
            desired->put(std::move(entry));
        }
        loop_.on_desired(desired);
        loop_.run_due();
    }

    std::vector<Worker> listed() const {
        std::vector<Worker> workers;
        for (std::size_t i = 0; i < tool_count_ * workers_per_tool; ++i) {
            Worker worker;
            worker.key = "worker-" + std::to_string(100'000'000'000 + i);
            worker.id = std::string(52, 'f') + worker.key.substr(7);  // as long as Docker's
            worker.name = worker.key;
            worker.tool_label = to_label({target, name_of(i / workers_per_tool)});
            worker.state = WorkerState::running;
            worker.created = worker.state_since = born;
            workers.push_back(std::move(worker));
        }
        return workers;
    }

    /// News of so many tools, each time of others, so that nothing of them is in a cache by chance.
    std::vector<std::pair<std::string, Reading>> news(std::size_t count) {
        std::vector<std::pair<std::string, Reading>> readings;
        ++passes_;
        for (std::size_t i = 0; i < count; ++i) {
            Reading reading;
            reading.state = Reading::State::value;
            reading.ready = message_count;
            reading.unacknowledged = 0;
            reading.consumers = workers_per_tool + passes_;  // another number each time
            reading.at = clock_.now();
            readings.emplace_back(name_of((i + passes_ * 7'919) % tool_count_), reading);
        }
        return readings;
    }

    long long pass(std::size_t count) {
        clock_.advance(Millis(1));
        const std::uint64_t before = loop_.plans_made();
        const auto readings = news(count);
        const long long took = nanoseconds([&] {
            loop_.on_readings(target, readings);
            loop_.run_due();
        });
        if (loop_.plans_made() - before != count) throw std::runtime_error("not as many plans as changes");
        return took;
    }

    /// Of processor time: a pass of a large world is long enough to be interrupted by other programs, one of a small is not.
    template <class Work>
    static long long nanoseconds(Work work) {
        const auto processor_time = [] {
            timespec time{};
            ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
            return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
        };
        const long long began = processor_time();
        work();
        return processor_time() - began;
    }

    std::size_t tool_count_;
    HandClock clock_;
    IdlePorts ports_;
    ControlLoop loop_;
    std::uint32_t passes_ = 0;
};

template <class Work>
long long median_of(int rounds, Work work) {
    std::vector<long long> times;
    for (int i = 0; i < rounds; ++i) times.push_back(work());
    std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
    return times[static_cast<std::size_t>(rounds / 2)];
}

long long resident_bytes() {
    std::ifstream file("/proc/self/statm");
    long long total = 0;
    long long resident = 0;
    file >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s TOOLS ROUNDS\n", argv[0]);
        return 2;
    }
    try {
        Bench bench(std::stoul(argv[1]));
        const int rounds = std::stoi(argv[2]);
        const long long full = median_of(rounds, [&] { return bench.full_pass(); });
        const long long resident = resident_bytes();
        const long long one = median_of(100 * rounds, [&] { return bench.one_change(); });
        const long long list = median_of(rounds, [&] { return bench.whole_list(); });
        bench.check();
        std::printf("%lld %lld %lld %lld\n", full, one, list, resident);
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "plan: %s\n", problem.what());
        return 1;
    }
}
