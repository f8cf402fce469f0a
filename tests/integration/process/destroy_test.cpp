#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/process/world.hpp"

using namespace elasticity::process;
using namespace elasticity::process::test;
namespace sdk = elasticity::sdk;

TEST_CASE("destroy: a worker is asked first, and may say goodbye") {
    World world;
    world.create(shell("k-1", "trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"));
    eventually("it is ready", [&] { return world.log_of("k-1") == "ready\n"; });
    world.destroy("k-1", 10s);
    CHECK(world.log_of("k-1").ends_with("goodbye\n"));
    CHECK(world.list().empty());
}

TEST_CASE("destroy: a worker that ignores SIGTERM is killed after its grace, not before") {
    World world;
    world.create(shell("k-1", "trap '' TERM; echo ready; while :; do sleep 0.01; done"));
    eventually("it is ready", [&] { return world.log_of("k-1") == "ready\n"; });
    const auto begun = std::chrono::steady_clock::now();
    world.destroy("k-1", 300ms);
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(took >= 300ms);
    CHECK(took < 3s);
    CHECK(world.processes_of("k-1").empty());
}

TEST_CASE("destroy: the SIGKILL comes before the deadline of the call") {
    World world;
    world.create(shell("k-1", "trap '' TERM; echo ready; while :; do sleep 0.01; done"));
    eventually("it is ready", [&] { return world.log_of("k-1") == "ready\n"; });
    CHECK(world.backend().destroy(*new_call(2500ms), {"k-1", {}}, 60s).has_value());
    CHECK(world.processes_of("k-1").empty());
}

TEST_CASE("destroy: a cancellation ends the wait, and the call may be repeated") {
    World world;
    world.create(shell("k-1", "trap '' TERM; echo ready; while :; do sleep 0.01; done"));
    eventually("it is ready", [&] { return world.log_of("k-1") == "ready\n"; });
    const auto call = new_call();
    std::thread canceller([&] {
        std::this_thread::sleep_for(100ms);
        call->cancel();
    });
    const auto destroyed = world.backend().destroy(*call, {"k-1", {}}, 20s);
    canceller.join();
    REQUIRE(destroyed.has_error());
    CHECK(destroyed.error().code == ELS_CANCELLED);
    CHECK(destroyed.error().maybe_done());
    world.destroy("k-1");
    CHECK(world.list().empty());
}

TEST_CASE("destroy: a suspended worker ends within its grace") {
    World world;
    const pid_t pid = pid_of(world.create(spec_of("k-1", {"sleep", "60"})));
    kill(pid, SIGSTOP);
    const auto begun = std::chrono::steady_clock::now();
    world.destroy("k-1", 15s);
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("destroy: grandchildren go with their worker, those of another session too") {
    World world;
    world.create(shell("k-1", "sleep 61 & setsid sleep 62 & setsid setsid sleep 63 & echo ready; wait"));
    eventually("all are there", [&] { return world.processes_of("k-1").size() == 4; });
    world.destroy("k-1", 5s);
    CHECK(world.processes_of("k-1").empty());
}

TEST_CASE("destroy: grandchildren do not outlive a worker that ends by itself") {
    World world;
    world.create(shell("k-1", "sleep 61 & setsid sleep 62 & exit 0"));
    eventually("it ended", [&] { return world.list() == "k-1 stopped 0\n"; });
    eventually("all are gone", [&] { return world.processes_of("k-1").empty(); });
}

TEST_CASE("destroy: an unknown worker is fine, ten times") {
    World world;
    for (int i = 0; i < 10; ++i) world.destroy("never-1");
}

TEST_CASE("destroy: a pid that was used again belongs to nobody of ours") {
    World world;
    Record record = [&] {
        world.create(spec_of("k-1", {"sleep", "60"}));
        return world.record_of("k-1");
    }();
    // The record of a worker that ended long ago, and whose pid another process has now.
    const pid_t innocent = in_child([] { pause(); });
    Record stale = record;
    stale.key = "k-2";
    stale.worker = {innocent, record.worker.start_ticks - 1};
    stale.shim = {};
    write_record(world.run_dir(), stale);
    CHECK(world.list() == "k-1 running -\nk-2 failed -\n");
    world.destroy("k-2");
    CHECK(kill(innocent, 0) == 0);
    CHECK(world.list() == "k-1 running -\n");
    kill(innocent, SIGKILL);
    waitpid(innocent, nullptr, 0);
}

TEST_CASE("destroy: workers of an earlier boot have ended") {
    World world;
    world.create(spec_of("k-1", {"sleep", "60"}));
    Record earlier = world.record_of("k-1");
    const pid_t pid = earlier.worker.pid;
    earlier.key = "k-2";
    earlier.boot = "another";
    write_record(world.run_dir(), earlier);
    CHECK(world.list() == "k-1 running -\nk-2 failed -\n");
    world.destroy("k-2");
    CHECK(kill(pid, 0) == 0);
}
