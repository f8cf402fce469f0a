#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>

#include "plugins/common/http_client.hpp"
#include "tests/unit/upgrade/support.hpp"

#ifdef __SANITIZE_ADDRESS__
/// Of the sanitizer's library, whose header Debian's compiler comes without.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

using namespace elasticity;
using namespace elasticity::test;
namespace json = boost::json;

namespace {

constexpr int steady_workers = 3;
constexpr int callers = 8;
constexpr int changing_callers = 2;
constexpr int settled_after = 10;
/// Of memory, for what allocators keep or give back as they like, and for calls that are under way.
constexpr double noise_kib = 2048;
const std::string image = "elasticity-upgrade-test/busybox:1";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    if (!value) FAIL(name << " is not set: run this through ctest");
    return value;
}

std::string engine_socket() {
    std::ifstream lines(environment("ELASTICITY_TESTBED") + "/dockerd/env");
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("DOCKER_SOCKET=")) return line.substr(line.find('=') + 1);
    FAIL("the engine of the tests does not say where its socket is");
    return {};
}

WorldOptions docker_on(const std::string& socket) {
    std::random_device device;
    return {Isolation::process, DOCKER_PLUGIN, {{"endpoint", "unix://" + socket}}, "upgrade-" + std::to_string(device())};
}

sdk::HostSpec spec_of(const std::string& key) {
    sdk::HostSpec spec;
    spec.key = spec.name = key;
    spec.tool = "prod\nncsa.image.ocr";
    spec.hash = 1;
    spec.params = json::serialize(json::object{{"image", image},
                                               {"command", {"/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"}},
                                               {"network", "none"},
                                               {"pull", "never"}});
    return spec;
}

template <class T>
std::string await_call(BackendSlot& slot, sdk::CallOptions options, BackendPool::Work<T> work) {
    std::promise<std::string> answer;
    options.timeout = std::chrono::minutes(2);
    slot.submit<T>(std::move(options), std::move(work), [&answer](sdk::HostResult<T> result) {
        answer.set_value(result ? "" : std::string(sdk::code_name(result.error().code)) + ": " + result.error().message);
    });
    return answer.get_future().get();
}

std::string create(BackendSlot& slot, const std::string& key) {
    return await_call<sdk::HostInstance>(
        slot, {sdk::CallKind::change, "create", key, key},
        [key](BackendCalls& calls, sdk::HostCall& call) { return calls.create(call, spec_of(key)); });
}

std::string destroy(BackendSlot& slot, const std::string& key) {
    return await_call<void>(slot, {sdk::CallKind::change, "destroy", key, "destroy-" + key},
                            [key](BackendCalls& calls, sdk::HostCall& call) {
                                return calls.destroy(call, {key, ""}, std::chrono::milliseconds(0));
                            });
}

std::string list(BackendSlot& slot) {
    return await_call<Instances>(slot, {sdk::CallKind::list, "list", "", "list"},
                                 [](BackendCalls& calls, sdk::HostCall& call) { return calls.list(call); });
}

/// Id, process and start of every steady worker, as the engine tells them.
std::map<std::string, std::string> steady_state(http::Client& engine, const std::string& owner) {
    std::map<std::string, std::string> states;
    const auto ask = [&](const std::string& target) {
        sdk::HostCall call("ask", 1, sdk::HostCall::Clock::now() + std::chrono::minutes(1));
        const http::Response response = engine.send(sdk::Call(call.get()), {"GET", target, "", {}});
        REQUIRE(response.status == 200);
        return json::parse(response.body);
    };
    const json::value containers = ask("/containers/json?all=1");
    for (const json::value& each : containers.as_array()) {
        const json::object& labels = each.at("Labels").as_object();
        const json::value* its_owner = labels.if_contains("org.elasticity.owner");
        const std::string key(labels.contains("org.elasticity.key") ? labels.at("org.elasticity.key").as_string() : "");
        if (!its_owner || its_owner->as_string() != std::string_view(owner) || !key.starts_with("steady")) continue;
        const std::string id(each.at("Id").as_string());
        const json::value container = ask("/containers/" + id + "/json");
        states[key] = id + " " + json::serialize(container.at("State").at("Pid")) + " " +
                      json::serialize(container.at("State").at("StartedAt")) + " " +
                      json::serialize(container.at("RestartCount"));
    }
    return states;
}

#ifdef __SANITIZE_ADDRESS__
/// What this process has allocated and not freed: a sanitizer keeps records of every thread that ever was.
double memory_kib() { return static_cast<double>(__sanitizer_get_current_allocated_bytes()) / 1024; }
#else
double pss_kib(const std::string& pid) {
    std::ifstream lines("/proc/" + pid + "/smaps_rollup");
    for (std::string word; lines >> word;)
        if (word == "Pss:") {
            double kib = 0;
            lines >> kib;
            return kib;
        }
    return 0;
}

/// What this process and its children hold.
double memory_kib() {
    double sum = pss_kib("self");
    for (const pid_t child : children()) sum += pss_kib(std::to_string(child));
    return sum;
}
#endif

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

std::size_t entries_of(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// Calls until it is told to stop; the first error of each is kept.
class Load {
public:
    explicit Load(BackendSlot& slot) : slot_(slot) {
        for (int i = 0; i < callers; ++i)
            threads_.push_back(std::async(std::launch::async, [this, i] { call("changing-" + std::to_string(i), i < changing_callers); }));
    }
    void stop() {
        stop_ = true;
        for (auto& thread : threads_) thread.wait();
    }
    std::size_t calls() const { return calls_; }
    std::vector<std::string> failures() {
        const std::scoped_lock lock(mutex_);
        return failures_;
    }

private:
    void call(const std::string& key, bool changes) {
        while (!stop_) {
            note(changes ? create(slot_, key) : list(slot_));
            if (changes) note(destroy(slot_, key));
        }
    }
    void note(const std::string& error) {
        ++calls_;
        const std::scoped_lock lock(mutex_);
        if (!error.empty()) failures_.push_back(error);
    }

    BackendSlot& slot_;
    std::atomic<bool> stop_{false};
    std::atomic<std::size_t> calls_{0};
    std::mutex mutex_;
    std::vector<std::string> failures_;
    std::vector<std::future<void>> threads_;
};

}  // namespace

TEST_CASE("100 upgrades under 8 callers fail no call, restart no worker and take no memory") {
    const std::string socket = engine_socket();
    const std::string script = environment("ELASTICITY_SUPPORT") + "/image.sh make-busybox " + socket + " " + image;
    REQUIRE(std::system(script.c_str()) == 0);
    http::Client engine({"http://localhost", socket, {}});
    World world(docker_on(socket));
    for (int i = 0; i < steady_workers; ++i) REQUIRE(create(*world.slot, "steady-" + std::to_string(i)) == "");
    const auto before = steady_state(engine, world.owner);
    REQUIRE(before.size() == steady_workers);

    const char* soak = std::getenv("ELASTICITY_SOAK");
    const int upgrades = soak && std::string_view(soak) == "1" ? 100 : 24;
    const std::filesystem::path builds[] = {world.build_of(DOCKER_PLUGIN, "-a"), world.build_of(DOCKER_PLUGIN, "-b")};
    std::vector<double> kib;
    std::vector<std::size_t> descriptors, threads;
    Load load(*world.slot);
    for (int i = 0; i < upgrades; ++i) {
        REQUIRE(world.upgrade(builds[i % 2]) == "replaced: generation " + std::to_string(i + 2) + " serves");
        kib.push_back(memory_kib());
        descriptors.push_back(entries_of("/proc/self/fd"));
        threads.push_back(entries_of("/proc/self/task"));
    }
    load.stop();

    const auto window = [&](int end) { return std::vector<double>(kib.begin() + end - settled_after / 2, kib.begin() + end); };
    const double early = median(window(settled_after + settled_after / 2)), late = median(window(upgrades));
    std::cerr << upgrades << " upgrades, " << load.calls() << " calls, " << load.failures().size()
              << " failed; memory after 10 upgrades " << early << " KiB, at the end " << late
              << " KiB; descriptors " << descriptors[settled_after] << " and " << descriptors.back() << ", threads "
              << threads[settled_after] << " and " << threads.back() << std::endl;
    for (const std::string& failure : load.failures()) UNSCOPED_INFO(failure);
    CHECK(load.failures().empty());
    CHECK(load.calls() > static_cast<std::size_t>(upgrades));
    CHECK(steady_state(engine, world.owner) == before);
    CHECK(late - early < noise_kib);
    CHECK(threads.back() <= threads[settled_after] + callers);
    CHECK(descriptors.back() <= descriptors[settled_after] + 4 * callers);
    CHECK(world.copies().size() == 2);
    for (int i = 0; i < steady_workers; ++i) CHECK(destroy(*world.slot, "steady-" + std::to_string(i)) == "");
}
