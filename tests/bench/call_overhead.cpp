// Prints what a call that does nothing takes, in process and through a child, in rounds that alternate:
//     elasticity-bench-call-overhead ELASTICITY NOOP_PLUGIN ROUNDS
// One JSON object: {"in_process_us": [..], "process_us": [..]}, a median for each round.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <future>
#include <iostream>

#include "core/plugin_host/in_process_backend.hpp"
#include "core/plugin_host/isolation/child_backend.hpp"

namespace {

using namespace elasticity;
using Clock = std::chrono::steady_clock;

constexpr int calls_per_round = 2'000;

template <class T>
T require(sdk::HostResult<T> result) {
    if (result) return std::move(*result);
    std::cerr << "bench: " << result.error().message << '\n';
    std::exit(1);
}

sdk::HostOptions host_options() {
    sdk::HostOptions options;
    options.core_version = "bench";
    options.backend_name = "bench";
    options.owner = "bench";
    options.log_level = ELS_LOG_ERROR;
    options.log = [](const sdk::HostLogLine& line) { std::cerr << line.message << '\n'; };
    return options;
}

std::shared_ptr<BackendCalls> open_in_process(const std::string& plugin) {
    const auto library = require(sdk::Library::load(plugin));
    return std::make_shared<InProcessBackend>(
        require(sdk::Backend::open(library, *library->plugins().front(), "{}", host_options())));
}

std::shared_ptr<BackendCalls> open_in_child(const std::string& program, const std::string& plugin) {
    ChildBackendOptions options;
    options.library = plugin;
    options.config = "{}";
    options.host = host_options();
    options.child.program = program;
    return require(ChildBackend::open(std::move(options)));
}

/// From the submit to the completion, as the control loop sees it.
double median_us(BackendPool& pool) {
    std::vector<double> times;
    for (int i = 0; i < calls_per_round; ++i) {
        std::promise<Clock::time_point> done;
        const auto begun = Clock::now();
        pool.submit<void>(
            {sdk::CallKind::change, "destroy", "unknown", "destroy-unknown"},
            [](BackendCalls& backend, sdk::HostCall& call) {
                return backend.destroy(call, {"unknown", ""}, std::chrono::milliseconds(0));
            },
            [&](sdk::HostResult<> result) {
                if (!result) std::exit(1);
                done.set_value(Clock::now());
            });
        times.push_back(std::chrono::duration<double, std::micro>(done.get_future().get() - begun).count());
    }
    std::nth_element(times.begin(), times.begin() + calls_per_round / 2, times.end());
    return times[calls_per_round / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: " << argv[0] << " ELASTICITY NOOP_PLUGIN ROUNDS\n";
        return 2;
    }
    BackendPool here(open_in_process(argv[2]), {}), there(open_in_child(argv[1], argv[2]), {});
    boost::json::array in_process, process;
    median_us(here);
    median_us(there);
    for (int round = 0; round < std::atoi(argv[3]); ++round) {
        in_process.push_back(median_us(here));
        process.push_back(median_us(there));
    }
    std::cout << boost::json::object{{"in_process_us", in_process}, {"process_us", process}} << '\n';
}
