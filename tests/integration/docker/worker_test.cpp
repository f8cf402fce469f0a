#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/integration/docker/engine_world.hpp"

using namespace elasticity;
using namespace elasticity::test;
namespace json = boost::json;

namespace {

const std::string forever = "while :; do sleep 1000; done";
const std::string ignores_sigterm = "trap '' TERM; echo ready; while :; do sleep 0.1; done";

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

template <class T>
T require(const sdk::HostResult<T>& result) {
    if (!result) FAIL(sdk::code_name(result.error().code) << ": " << result.error().message);
    return *result;
}

}  // namespace

TEST_CASE("docker: labels, environment, command and limits are what the engine shows", "[worker]") {
    auto world = shared_world();
    auto spec =
        spec_of("w1", R"({"image": "elasticity-test/busybox:1", "command": ["/bin/sh", "-c", "sleep 1000"],
                          "cpus": 0.5, "memory_bytes": 67108864, "network": "none", "pull": "never",
                          "mounts": [{"source": "/etc", "target": "/host-etc", "read_only": true}]})");
    spec.env = {{"RABBITMQ_URI", "amqp://u:p@h/v", true}, {"RABBITMQ_QUEUE", "ncsa.image.ocr", false}};
    const auto worker = require(world.create(spec));
    CHECK(worker.state == sdk::HostState::running);
    CHECK(worker.name == spec.name);
    const auto shown = world.docker_inspect(spec.name);
    CHECK(text(shown.at("Id")) == worker.id);
    const auto& config = shown.at("Config");
    CHECK(json::serialize(config.at("Labels")) ==
          json::serialize(json::object{{"org.elasticity.backend", "local-docker"},
                                       {"org.elasticity.key", "w1"},
                                       {"org.elasticity.owner", world.owner()},
                                       {"org.elasticity.spec_hash", "fedcba9876543210"},
                                       {"org.elasticity.tool", "prod\nncsa.image.ocr"}}));
    CHECK(json::serialize(config.at("Env"))
              .find(R"("RABBITMQ_URI=amqp://u:p@h/v","RABBITMQ_QUEUE=ncsa.image.ocr")") != std::string::npos);
    CHECK(json::serialize(config.at("Cmd")) == R"(["/bin/sh","-c","sleep 1000"])");
    const auto& host = shown.at("HostConfig");
    CHECK(host.at("NanoCpus") == 500000000);
    CHECK(host.at("Memory") == 67108864);
    CHECK(host.at("NetworkMode") == "none");
    CHECK(host.at("RestartPolicy").at("Name") == "no");
    CHECK(host.at("LogConfig").at("Config").at("max-size") == "10485760");
    CHECK(host.at("Mounts").at(0).at("ReadOnly") == true);
    CHECK(world.logged().find("amqp://") == std::string::npos);
}

TEST_CASE("docker: a worker on a network has an address there", "[worker]") {
    if (testbed("dockerd").at("DOCKER_NETWORK_MODE") != "bridge") {
        WARN("no bridge on this machine: nothing was checked");
        return;
    }
    auto world = shared_world({{"network", "bridge"}});
    require(world.create(spec_of("w1", R"({"image": "elasticity-test/busybox:1", "pull": "never"})")));
    const auto listed = require(world.list());
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].address.find("198.18.") == 0);
    CHECK(require(world.inspect({"w1", ""})).address == listed[0].address);
}

TEST_CASE("create: the same key and spec ten times is one container", "[worker]") {
    auto world = shared_world();
    const auto spec = spec_of("w1", shell_params(forever));
    const std::string id = require(world.create(spec)).id;
    for (int repeat = 1; repeat < 10; ++repeat) CHECK(require(world.create(spec)).id == id);
    CHECK(require(world.list()).size() == 1);
}

TEST_CASE("create: eight at once for one key are one container; who comes too early may ask again",
          "[worker]") {
    auto world = shared_world();
    const auto spec = spec_of("w1", shell_params(forever));
    std::atomic<int> created{0}, aborted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            const auto outcome = world.create(spec);
            created += outcome.has_value();
            aborted +=
                outcome.has_error() && outcome.error().code == ELS_ABORTED && outcome.error().may_retry();
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(created > 0);
    CHECK(created + aborted == 8);
    CHECK(world.create(spec));
    CHECK(require(world.list()).size() == 1);
}

TEST_CASE("create: a container that was created and never started is started", "[worker]") {
    auto world = shared_world();
    const auto spec = spec_of("w1", shell_params(forever));
    const auto body = json::object{{"Image", busybox},
                                   {"HostConfig", {{"NetworkMode", "none"}}},
                                   {"Labels",
                                    {{"org.elasticity.owner", world.owner()},
                                     {"org.elasticity.key", "w1"},
                                     {"org.elasticity.tool", spec.tool},
                                     {"org.elasticity.spec_hash", "fedcba9876543210"}}}};
    const auto made = world.ask("POST", "/containers/create?name=" + spec.name, json::serialize(body));
    CHECK(require(world.list()).at(0).state == sdk::HostState::provisioning);
    const auto worker = require(world.create(spec));
    CHECK(text(made.at("Id")) == worker.id);
    CHECK(worker.state == sdk::HostState::running);
    CHECK(world.docker_inspect(worker.id).at("State").at("Running") == true);
}

TEST_CASE("create: the same key with another spec is refused, and the worker stays", "[worker]") {
    auto world = shared_world();
    auto spec = spec_of("w1", shell_params(forever));
    const auto worker = require(world.create(spec));
    spec.hash += 1;
    const auto second = world.create(spec);
    REQUIRE(!second);
    CHECK(second.error().code == ELS_ALREADY_EXISTS);
    CHECK(second.error().provider_code == "spec_changed");
    CHECK(require(world.inspect({"w1", ""})).id == worker.id);
}

TEST_CASE("create: a foreign container of that name is left alone, and named", "[worker]") {
    auto world = shared_world();
    const auto spec = spec_of("w1", shell_params(forever));
    const json::object labels{{"org.elasticity.owner", "somebody else"},
                              {"org.elasticity.key", "w1"},
                              {"org.elasticity.spec_hash", "fedcba9876543210"}};
    world.ask("POST", "/containers/create?name=" + spec.name,
              json::serialize(json::object{{"Image", busybox}, {"Labels", labels}}));
    const auto outcome = world.create(spec);
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_ALREADY_EXISTS);
    CHECK(outcome.error().message ==
          "container " + spec.name + ": the name is taken by a container that is not ours");
    CHECK(world.destroy("w1", 0ms));
    world.ask("DELETE", "/containers/" + spec.name);  // still there
}

TEST_CASE("create: a command that cannot run is an error, and leaves no container", "[worker]") {
    auto world = shared_world();
    const auto outcome = world.create(spec_of(
        "w1", R"({"image": "elasticity-test/busybox:1", "command": ["/nonexistent"], "network": "none"})"));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_INVALID_ARGUMENT);
    CHECK(outcome.error().provider_code == "command_not_found");
    CHECK(outcome.error().field == "/command");
    CHECK(require(world.list()).empty());
}

TEST_CASE("create: a network that does not exist is an error, and leaves no container", "[worker]") {
    auto world = shared_world();
    const auto outcome = world.create(
        spec_of("w1", R"({"image": "elasticity-test/busybox:1", "network": "no-such-network"})"));
    REQUIRE(!outcome);
    CHECK(outcome.error().provider_code == "network_not_found");
    CHECK(require(world.list()).empty());
}

TEST_CASE("create: more CPUs than the engine has are no capacity here", "[worker]") {
    auto world = shared_world();
    const auto outcome = world.create(
        spec_of("w1", R"({"image": "elasticity-test/busybox:1", "network": "none", "cpus": 5000})"));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_RESOURCE_EXHAUSTED);
    CHECK(outcome.error().next_backend());
}

TEST_CASE("list: shows the workers of one owner only, each with all that adoption needs", "[worker]") {
    auto world = shared_world(), other = shared_world();
    const auto spec = spec_of("w1", shell_params(forever));
    const auto worker = require(world.create(spec));
    require(other.create(spec_of("w1", shell_params(forever))));
    const auto listed = require(world.list());
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].key == "w1");
    CHECK(listed[0].id == worker.id);
    CHECK(listed[0].name == spec.name);
    CHECK(listed[0].tool == spec.tool);
    CHECK(listed[0].spec_hash == spec.hash);
    CHECK(listed[0].state == sdk::HostState::running);
    CHECK(listed[0].created_unix_ms.value_or(0) > 1'600'000'000'000);
}

TEST_CASE("list: a worker that crashed is there with its exit code", "[worker]") {
    auto world = shared_world();
    world.await_end(require(world.create(spec_of("crashed", shell_params("exit 3")))));
    world.await_end(require(world.create(spec_of("done", shell_params("exit 0")))));
    for (const auto& worker : require(world.list())) {
        CHECK(worker.state == (worker.key == "done" ? sdk::HostState::stopped : sdk::HostState::failed));
        CHECK(worker.exit_code == (worker.key == "done" ? 0 : 3));
        CHECK(worker.error == (worker.key == "done" ? "" : "exited with code 3"));
        CHECK(worker.state_since_unix_ms.value_or(0) > 1'600'000'000'000);
    }
}

TEST_CASE("list: a worker that outgrew its memory says so", "[worker]") {
    auto world = shared_world();
    auto params = json::object{{"image", busybox},
                               {"network", "none"},
                               {"memory_bytes", 8 << 20},
                               {"command", {"/bin/sh", "-c", "a=x; while :; do a=$a$a; done"}}};
    // The engine hears of the killing and of the end in either order, and only in one of them does it know why.
    bool engine_knows = false;
    for (int attempt = 1; attempt <= 5 && !engine_knows; ++attempt) {
        const std::string key = "w" + std::to_string(attempt);
        world.await_end(require(world.create(spec_of(key, json::serialize(params)))));
        const auto worker = require(world.inspect({key, ""}));
        engine_knows = world.docker_inspect(worker.id).at("State").at("OOMKilled").as_bool();
        CHECK(worker.state == sdk::HostState::failed);
        CHECK(worker.exit_code == 137);
        CHECK(worker.error == (engine_knows ? "killed: out of memory" : "exited with code 137"));
    }
    CHECK(engine_knows);
}

TEST_CASE("creator that dies", "[.creator]") {
    auto world = shared_world();
    auto spec = spec_of("orphan", shell_params(forever));
    spec.name = std::getenv("ELASTICITY_TEST_ORPHAN");
    require(world.create(spec));
    std::raise(SIGKILL);
}

TEST_CASE("list: workers outlive a killed creator, and are adopted by their labels", "[worker]") {
    const std::string name = "orphan-" + std::to_string(getpid());
    setenv("ELASTICITY_TEST_ORPHAN", name.c_str(), 1);
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    const int status = std::system(("exec " + program + " '[.creator]' >/dev/null 2>&1").c_str());
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
    auto world = shared_world();
    const auto left = world.docker_inspect(name);
    CHECK(left.at("State").at("Running") == true);
    const auto adopter =
        world.open_backend_as(text(left.at("Config").at("Labels").at("org.elasticity.owner")));
    sdk::HostCall call("test", 1, sdk::HostCall::Clock::now() + 60s);
    const auto listed = require(adopter->list(call));
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].key == "orphan");
    CHECK(listed[0].id == text(left.at("Id")));
    CHECK(adopter->destroy(call, {"orphan", listed[0].id}, 0ms));
}

TEST_CASE("inspect: by key and by id; what is unknown or another's is not found", "[worker]") {
    auto world = shared_world(), other = shared_world();
    const auto worker = require(world.create(spec_of("w1", shell_params(forever))));
    CHECK(require(world.inspect({"w1", ""})).id == worker.id);
    CHECK(require(world.inspect({"", worker.id})).key == "w1");
    CHECK(world.inspect({"w2", ""}).error().code == ELS_NOT_FOUND);
    CHECK(world.inspect({"w2", worker.id}).error().code == ELS_NOT_FOUND);
    CHECK(other.inspect({"", worker.id}).error().code == ELS_NOT_FOUND);
}

TEST_CASE("destroy: the container is gone, and a repeat is no error", "[worker]") {
    auto world = shared_world();
    require(world.create(spec_of("w1", shell_params("trap 'exit 0' TERM; while :; do sleep 0.05; done"))));
    CHECK(world.destroy("w1", 10s));
    CHECK(require(world.list()).empty());
    CHECK(world.destroy("w1", 10s));
    CHECK(world.destroy("never-was", 0ms));
}

TEST_CASE("destroy: another owner's container is not touched", "[worker]") {
    auto world = shared_world(), other = shared_world();
    const auto worker = require(world.create(spec_of("w1", shell_params(forever))));
    sdk::HostCall call("test", 1, sdk::HostCall::Clock::now() + 60s);
    CHECK(other.backend().destroy(call, {"", worker.id}, 0ms));
    CHECK(require(world.inspect({"w1", ""})).state == sdk::HostState::running);
}

TEST_CASE(
    "destroy: a worker that ignores SIGTERM has its whole grace, then ends; without grace it ends at once",
    "[worker]") {
    auto world = shared_world();
    const auto grace = GENERATE(0ms, 1500ms);
    require(world.create(spec_of("w1", shell_params(ignores_sigterm))));
    const auto begin = std::chrono::steady_clock::now();
    CHECK(world.destroy("w1", grace));
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took >= grace);
    CHECK(took < grace + 10s);
    CHECK(require(world.list()).empty());
}

TEST_CASE("destroy: a worker hears its SIGTERM first, a paused one too", "[worker]") {
    const bool paused = GENERATE(false, true);
    char pattern[] = "/tmp/elasticity-heard.XXXXXX";
    const std::filesystem::path folder = mkdtemp(pattern);
    REQUIRE(mkfifo((folder / "ready").c_str(), 0600) == 0);
    const std::string script =
        "trap ': >/out/heard; exit 0' TERM; echo >/out/ready; while :; do sleep 0.05; done";
    const json::object mount{{"source", folder.string()}, {"target", "/out"}};
    auto params = json::parse(shell_params(script)).as_object();
    params["mounts"] = json::array{mount};

    auto world = shared_world();
    const auto worker = require(world.create(spec_of("w1", json::serialize(params))));
    std::string ready;
    std::ifstream fifo(folder / "ready");  // waits until the worker has set its trap
    std::getline(fifo, ready);
    if (paused) world.ask("POST", "/containers/" + worker.id + "/pause");
    const auto state = paused ? sdk::HostState::suspended : sdk::HostState::running;
    CHECK(require(world.inspect({"w1", ""})).state == state);
    CHECK(world.destroy("w1", 20s));
    CHECK(std::filesystem::exists(folder / "heard"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("destroy: a deadline that the grace does not fit in is refused, and the worker lives", "[worker]") {
    auto world = shared_world();
    require(world.create(spec_of("w1", shell_params(ignores_sigterm))));
    const auto outcome = world.destroy("w1", 10s, 5s);
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_INVALID_ARGUMENT);
    CHECK(require(world.inspect({"w1", ""})).state == sdk::HostState::running);
}

TEST_CASE("probe: says what engine it is", "[worker]") {
    auto world = shared_world();
    sdk::HostCall call("test", 1, sdk::HostCall::Clock::now() + 10s);
    const auto facts = json::parse(require(world.backend().probe(call)));
    CHECK(facts.at("api_version").as_string().starts_with("1."));
    CHECK(facts.at("cpus").as_int64() > 0);
    CHECK(facts.at("memory_bytes").as_int64() > 0);
    CHECK(!facts.at("storage_driver").as_string().empty());
    CHECK(!facts.at("engine_version").as_string().empty());
}
