#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <thread>

#include "tests/integration/process/world.hpp"

using namespace elasticity::process;
using namespace elasticity::process::test;
namespace sdk = elasticity::sdk;

namespace {

std::string refusal(World& world, const sdk::HostSpec& spec) {
    const auto created = world.backend().create(*new_call(), spec);
    if (created) return "created";
    return std::string(sdk::code_name(created.error().code)) + " " + created.error().provider_code + " " +
           created.error().field + ": " + created.error().message;
}

void make_file(const std::string& path, const std::string& text, mode_t mode) {
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
}

}  // namespace

TEST_CASE("create: a worker runs, and its list entry says all that adoption needs") {
    World world;
    const sdk::HostInstance created = world.create(spec_of("k-1", {"sleep", "60"}, 77));
    const auto listed = world.instances();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0] == created);
    CHECK(created.name == "name-k-1");
    CHECK(created.tool == "tool of k-1");
    CHECK(created.spec_hash == 77);
    CHECK(created.state == sdk::HostState::running);
    CHECK(is_alive(world.record_of("k-1").worker));
}

TEST_CASE("create: the same key and spec twice is one worker") {
    World world;
    const sdk::HostInstance first = world.create(spec_of("k-1", {"sleep", "60"}));
    CHECK(world.create(spec_of("k-1", {"sleep", "60"})).id == first.id);
    CHECK(world.processes_of("k-1").size() == 1);
}

TEST_CASE("create: the same key with another spec is refused, and the worker stays") {
    World world;
    world.create(spec_of("k-1", {"sleep", "60"}, 1));
    CHECK(refusal(world, spec_of("k-1", {"sleep", "60"}, 2)).starts_with("ALREADY_EXISTS"));
    CHECK(world.list() == "k-1 running -\n");
}

TEST_CASE("create: ten at once for one key is one worker") {
    World world;
    for (int round = 0; round < 10; ++round) {
        const std::string key = "k-" + std::to_string(round);
        std::vector<std::string> ids(10);
        std::vector<std::thread> threads;
        for (std::string& id : ids)
            threads.emplace_back([&id, &key, &world] {
                const auto created = world.backend().create(*new_call(), spec_of(key, {"sleep", "60"}));
                id = created ? created->id : created.error().message;
            });
        for (std::thread& thread : threads) thread.join();
        CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 1);
        CHECK(world.processes_of(key) == std::vector<pid_t>{world.record_of(key).worker.pid});
        world.destroy(key);
    }
}

TEST_CASE("create: a worker whose records were lost is found, not started again") {
    World world;
    const sdk::HostInstance first = world.create(spec_of("k-1", {"sleep", "60"}));
    CHECK(world.list() == "k-1 running -\n");
    std::filesystem::remove_all(world.run_dir());
    CHECK(world.create(spec_of("k-1", {"sleep", "60"})).id == first.id);
    CHECK(world.processes_of("k-1").size() == 1);
    CHECK(world.list() == "k-1 running -\n");
    CHECK(world.record_of("k-1").worker.pid == pid_of(first));
}

TEST_CASE("create: a worker that ended is the answer until it is destroyed") {
    World world;
    const sdk::HostInstance first = world.create(shell("k-1", "exit 3"));
    eventually("the worker ended", [&] { return world.list() == "k-1 failed 3\n"; });
    CHECK(world.create(shell("k-1", "exit 3")).id == first.id);
    world.destroy("k-1");
    CHECK(world.list().empty());
    CHECK(world.create(shell("k-1", "exit 3")).id != first.id);
}

TEST_CASE("create: what cannot be executed is an error of the call, with the reason") {
    World world;
    make_file(world.folder() + "/plain", "x", 0644);
    make_file(world.folder() + "/no-interpreter", "#!/nonexistent/sh\n", 0755);
    make_file(world.folder() + "/garbage", "garbage", 0755);
    CHECK(refusal(world, spec_of("k-1", {"/nonexistent/tool"})) ==
          "INVALID_ARGUMENT command_not_found /command/0: cannot execute /nonexistent/tool: No such file or "
          "directory");
    CHECK(refusal(world, spec_of("k-1", {world.folder() + "/plain"})) ==
          "INVALID_ARGUMENT command_not_executable /command/0: cannot execute " + world.folder() +
              "/plain: Permission denied");
    CHECK(refusal(world, spec_of("k-1", {world.folder() + "/no-interpreter"}))
              .starts_with("INVALID_ARGUMENT command_not_found"));
    CHECK(refusal(world, spec_of("k-1", {world.folder() + "/garbage"}))
              .starts_with("INVALID_ARGUMENT command_not_executable"));
    CHECK(refusal(world, spec_of("k-1", {"no-such-tool"})).starts_with("INVALID_ARGUMENT command_not_found"));
    CHECK(world.list().empty());
    CHECK(world.processes_of("k-1").empty());
}

TEST_CASE("create: a working directory that is not there is named") {
    World world;
    sdk::HostSpec spec = spec_of("k-1", {"sleep", "60"});
    spec.params = R"({"command": ["sleep", "60"], "working_directory": "/nonexistent"})";
    CHECK(refusal(world, spec) ==
          "INVALID_ARGUMENT working_directory_not_found /working_directory: cannot enter /nonexistent: No "
          "such file "
          "or directory");
    CHECK(world.list().empty());
}

TEST_CASE("create: a key or name that is a path is refused") {
    World world;
    CHECK(refusal(world, spec_of("../k", {"sleep", "60"})).starts_with("INVALID_ARGUMENT"));
}

TEST_CASE("create: an earlier cancellation starts nothing") {
    World world;
    const auto call = new_call();
    call->cancel();
    const auto created = world.backend().create(*call, spec_of("k-1", {"sleep", "60"}));
    REQUIRE(created.has_error());
    CHECK(created.error().code == ELS_CANCELLED);
    CHECK(world.processes_of("k-1").empty());
}

TEST_CASE("create: a cancellation ends the wait for a shim that does not answer") {
    const TemporaryFolder folder;
    make_file(folder.path() + "/shim", "#!/bin/sh\nexec sleep 60\n", 0755);
    World world("", folder.path() + "/shim");
    const auto call = new_call();
    std::thread canceller([&] {
        std::this_thread::sleep_for(100ms);
        call->cancel();
    });
    const auto created = world.backend().create(*call, spec_of("k-1", {"sleep", "60"}));
    canceller.join();
    REQUIRE(created.has_error());
    CHECK(created.error().code == ELS_CANCELLED);
    CHECK(created.error().maybe_done());
}

TEST_CASE("create: what the launcher says is in the error") {
    const TemporaryFolder folder;
    make_file(folder.path() + "/shim", "#!/bin/sh\necho 'no bus today' >&2\nexit 1\n", 0755);
    World world("", folder.path() + "/shim");
    CHECK(refusal(world, spec_of("k-1", {"sleep", "60"})) ==
          "UNAVAILABLE  : the shim was not started: no bus today");
}

TEST_CASE("inspect: by key, by id, by both, and not by another start time") {
    World world;
    const sdk::HostInstance worker = world.create(spec_of("k-1", {"sleep", "60"}));
    CHECK(world.backend().inspect(*new_call(), {"k-1", {}})->id == worker.id);
    CHECK(world.backend().inspect(*new_call(), {{}, worker.id})->key == "k-1");
    CHECK(world.backend().inspect(*new_call(), {"k-1", worker.id}).has_value());
    CHECK(world.backend().inspect(*new_call(), {"k-1", "1:1"}).error().code == ELS_NOT_FOUND);
    CHECK(world.backend().inspect(*new_call(), {{}, worker.id + "1"}).error().code == ELS_NOT_FOUND);
}

TEST_CASE("list: workers of another owner are not ours") {
    World world, other;
    other.create(spec_of("theirs-1", {"sleep", "60"}));
    CHECK(world.list().empty());
}

TEST_CASE("list: a stopped process is suspended") {
    World world;
    const pid_t pid = pid_of(world.create(spec_of("k-1", {"sleep", "60"})));
    kill(pid, SIGSTOP);
    eventually("it stopped", [&] { return world.list() == "k-1 suspended -\n"; });
}
