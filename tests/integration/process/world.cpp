#include "tests/integration/process/world.hpp"

#include <signal.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <thread>

namespace elasticity::process::test {
namespace {

std::string random_owner() {
    std::uint64_t number = 0;
    REQUIRE(getrandom(&number, sizeof number, 0) == sizeof number);
    return "owner-" + std::to_string(number);
}

const char* text_of(sdk::HostState state) {
    switch (state) {
        case sdk::HostState::running: return "running";
        case sdk::HostState::stopped: return "stopped";
        case sdk::HostState::failed: return "failed";
        case sdk::HostState::suspended: return "suspended";
        case sdk::HostState::provisioning: return "provisioning";
        default: return "other";
    }
}

}  // namespace

World::World(const std::string& more_config, const std::string& shim)
    : config_(R"({"shim": ")" + shim + R"(", "stop_grace_s": 0)" + more_config + "}"),
      owner_(random_owner()) {
    backend_ = open();
}

World::~World() {
    for (const sdk::HostInstance& worker : instances()) destroy(worker.key);
}

std::shared_ptr<sdk::Backend> World::open() const {
    const auto library = sdk::Library::load(PROCESS_PLUGIN);
    REQUIRE((library ? "" : library.error().message) == "");
    sdk::HostOptions options;
    options.backend_name = "local";
    options.owner = owner_;
    options.state_dir = folder_.path();
    const auto backend =
        sdk::Backend::open(*library, *(*library)->plugins().front(), config_, std::move(options));
    REQUIRE((backend ? "" : backend.error().message) == "");
    const auto activated = (*backend)->activate(*new_call());
    REQUIRE((activated ? "" : activated.error().message) == "");
    return *backend;
}

sdk::HostInstance World::create(const sdk::HostSpec& spec) {
    const auto created = backend_->create(*new_call(), spec);
    REQUIRE((created ? "" : created.error().message) == "");
    return *created;
}

void World::destroy(const std::string& key, std::chrono::milliseconds grace) {
    const auto destroyed = backend_->destroy(*new_call(), {key, {}}, grace);
    CHECK((destroyed ? "" : destroyed.error().message) == "");
}

std::vector<sdk::HostInstance> World::instances() {
    const auto listed = backend_->list(*new_call());
    REQUIRE((listed ? "" : listed.error().message) == "");
    return *listed;
}

std::string World::list() {
    std::vector<std::string> lines;
    for (const sdk::HostInstance& worker : instances()) {
        const std::string exit_code = worker.exit_code ? std::to_string(*worker.exit_code) : "-";
        lines.push_back(worker.key + " " + text_of(worker.state) + " " + exit_code + "\n");
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
}

std::string World::log_of(const std::string& key) const {
    std::string text = read_file(log_dir() + "/name-" + key + ".log").value_or("");
    for (int age = 1; age < 10; ++age)
        text = read_file(log_dir() + "/name-" + key + ".log." + std::to_string(age)).value_or("") + text;
    return text;
}

Record World::record_of(const std::string& key) const {
    const std::optional<Record> record = read_record(run_dir(), key);
    REQUIRE(record);
    return *record;
}

std::vector<pid_t> World::processes_of(const std::string& key) const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const auto pid = static_cast<pid_t>(std::stol(name));
        const Fields environment = read_environment(pid).fields;
        if (environment.get("ELASTICITY_OWNER") == owner_ && environment.get("ELASTICITY_KEY") == key)
            found.push_back(pid);
    }
    return found;
}

std::unique_ptr<sdk::HostCall> new_call(std::chrono::milliseconds time) {
    return std::make_unique<sdk::HostCall>("request-1", 1, sdk::HostCall::Clock::now() + time);
}

sdk::HostSpec spec_of(const std::string& key, const std::vector<std::string>& command, std::uint64_t hash) {
    boost::json::array words;
    for (const std::string& word : command) words.emplace_back(word);
    sdk::HostSpec spec;
    spec.key = key;
    spec.name = "name-" + key;
    spec.tool = "tool of " + key;
    spec.hash = hash;
    spec.params = R"({"command": )" + boost::json::serialize(words) + "}";
    return spec;
}

sdk::HostSpec shell(const std::string& key, const std::string& line, std::uint64_t hash) {
    return spec_of(key, {"sh", "-c", line}, hash);
}

void eventually(const std::string& what, const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
        INFO(what);
        REQUIRE(std::chrono::steady_clock::now() < until);
        std::this_thread::sleep_for(5ms);
    }
}

pid_t pid_of(const sdk::HostInstance& worker) { return static_cast<pid_t>(std::stol(worker.id)); }

pid_t in_child(const std::function<void()>& body) {
    const pid_t child = fork();
    if (child != 0) return child;
    body();
    _exit(0);
}

}  // namespace elasticity::process::test
