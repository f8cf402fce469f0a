#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/integration/process/world.hpp"

using namespace elasticity::process;
using namespace elasticity::process::test;
namespace sdk = elasticity::sdk;

namespace {

void kill_shim(World& world, const std::string& key) {
    const ProcessId shim = world.record_of(key).shim;
    kill(shim.pid, SIGKILL);
    eventually("the shim is gone", [&] { return !is_alive(shim); });
}

}  // namespace

TEST_CASE("survival: a worker outlives a daemon that is killed, and a new one adopts it") {
    World world;
    const pid_t daemon = in_child([&] {
        const auto backend = world.open();
        if (!backend->create(*new_call(), spec_of("k-1", {"sleep", "60"}, 5))) _exit(1);
        pause();
    });
    eventually("it runs", [&] { return world.list() == "k-1 running -\n"; });
    const std::string id = world.instances()[0].id;
    kill(daemon, SIGKILL);
    waitpid(daemon, nullptr, 0);
    const auto listed = world.open()->list(*new_call());
    REQUIRE(listed->size() == 1);
    CHECK(listed->front().id == id);
    CHECK(listed->front().spec_hash == 5);
    CHECK(listed->front().state == sdk::HostState::running);
}

TEST_CASE("survival: signals to the daemon's group do not reach workers") {
    World world;
    const pid_t daemon = in_child([&] {
        setpgid(0, 0);
        const auto backend = world.open();
        if (!backend->create(*new_call(), spec_of("k-1", {"sleep", "60"}))) _exit(1);
        pause();
    });
    eventually("it runs", [&] { return world.list() == "k-1 running -\n"; });
    kill(-daemon, SIGKILL);
    waitpid(daemon, nullptr, 0);
    CHECK(world.list() == "k-1 running -\n");
}

TEST_CASE("survival: how a worker ended is known until it is destroyed") {
    World world;
    world.create(shell("good-1", "exit 0"));
    world.create(shell("bad-1", "exit 3"));
    world.create(shell("crash-1", "kill -SEGV $$"));
    const std::string wanted = "bad-1 failed 3\ncrash-1 failed 139\ngood-1 stopped 0\n";
    eventually("all ended", [&] { return world.list() == wanted; });
    for (const sdk::HostInstance& worker : world.instances()) {
        CHECK(worker.state_since_unix_ms >= worker.created_unix_ms);
        if (worker.key == "bad-1") CHECK(worker.error == "ended with exit code 3");
        if (worker.key == "crash-1") CHECK(worker.error == "ended by signal 11 (Segmentation fault)");
        world.destroy(worker.key);
    }
    CHECK(world.list().empty());
    CHECK(read_records(world.run_dir()).empty());
}

TEST_CASE("survival: no look ever misses a worker that ends") {
    World world;
    for (int i = 0; i < 100; ++i) {
        const std::string key = "k-" + std::to_string(i);
        world.create(shell(key, "exit 7"));
        for (bool ended = false; !ended;) {
            const auto seen = world.backend().inspect(*new_call(), {key, {}});
            REQUIRE(seen.has_value());
            ended = seen->state == sdk::HostState::failed;
            if (ended) CHECK(seen->exit_code == 7);
        }
        world.destroy(key);
    }
}

TEST_CASE("survival: output goes to files of a limited size") {
    World world(R"(, "log_max_bytes": 4096, "log_files_max": 3)");
    world.create(shell("k-1", "for i in $(seq 2000); do echo line $i; done; echo the end >&2"));
    eventually("all was written", [&] { return world.log_of("k-1").ends_with("line 2000\nthe end\n"); });
    const std::string path = world.log_dir() + "/name-k-1.log";
    for (const char* age : {"", ".1", ".2"}) CHECK(std::filesystem::file_size(path + age) <= 4096);
    CHECK_FALSE(std::filesystem::exists(path + ".3"));
}

TEST_CASE("survival: a worker whose shim was killed is listed, and gets a new shim that reads its output") {
    World world;
    const std::string speak = "while read -r line; do echo $line; done < " + world.folder() + "/words";
    REQUIRE(mkfifo((world.folder() + "/words").c_str(), 0600) == 0);
    const sdk::HostInstance worker = world.create(shell("k-1", speak));
    kill_shim(world, "k-1");
    {
        std::ofstream words(world.folder() + "/words");
        words << "while alone\n" << std::flush;
        eventually("it said it into the pipe", [&] { return is_alive(world.record_of("k-1").worker); });
        CHECK(world.list() == "k-1 running -\n");
        CHECK(is_alive(world.record_of("k-1").shim));
        words << "and after\n" << std::flush;
        eventually("all of it is in the log",
                   [&] { return world.log_of("k-1") == "while alone\nand after\n"; });
        CHECK(world.instances()[0].id == worker.id);
    }
    eventually("it ended", [&] { return world.list() == "k-1 failed -\n"; });
}

TEST_CASE("survival: a worker without shim and record is adopted from what the kernel knows") {
    World world;
    const sdk::HostInstance worker = world.create(spec_of("k-1", {"sleep", "60"}, 9));
    kill_shim(world, "k-1");
    std::filesystem::remove_all(world.run_dir());
    const auto found = world.backend().inspect(*new_call(), {"k-1", {}});
    REQUIRE(found.has_value());
    CHECK(found->id == worker.id);
    CHECK(found->name == worker.name);
    CHECK(found->tool == worker.tool);
    CHECK(found->spec_hash == 9);
    CHECK(std::abs(*found->created_unix_ms - *worker.created_unix_ms) < 2000);
    CHECK(world.list() == "k-1 running -\n");
    CHECK(world.record_of("k-1").worker.pid == pid_of(worker));
    world.destroy("k-1");
    CHECK(world.processes_of("k-1").empty());
    CHECK(world.list().empty());
}

TEST_CASE("survival: a daemon killed in the middle of a creation leaves no worker twice and none unseen") {
    World world;
    for (int i = 0; i < 20; ++i) {
        const std::string key = "k-" + std::to_string(i);
        const pid_t daemon = in_child([&] {
            const auto backend = world.open();
            (void)backend->create(*new_call(), spec_of(key, {"sleep", "60"}));
        });
        usleep(static_cast<useconds_t>(i) * 2000);
        kill(daemon, SIGKILL);
        waitpid(daemon, nullptr, 0);
        world.create(spec_of(key, {"sleep", "60"}));
        CHECK(world.processes_of(key) == std::vector<pid_t>{world.record_of(key).worker.pid});
        world.destroy(key);
        CHECK(world.processes_of(key).empty());
    }
}
