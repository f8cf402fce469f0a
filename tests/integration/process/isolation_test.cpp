#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/integration/process/world.hpp"

using namespace elasticity::process;
using namespace elasticity::process::test;
namespace sdk = elasticity::sdk;

namespace {

std::string proc_text(pid_t pid, const std::string& name) {
    return read_file("/proc/" + std::to_string(pid) + "/" + name).value_or("");
}

bool shows(pid_t pid, const std::string& file, const std::string& line) {
    return proc_text(pid, file).find(line) != std::string::npos;
}

std::vector<std::string> descriptors_of(pid_t pid) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
        found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
}

/// Everything that a process list shows of every process of the machine.
std::string all_command_lines() {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        text += proc_text(static_cast<pid_t>(std::stol(name)), "cmdline");
    }
    return text;
}

}  // namespace

TEST_CASE("isolation: a worker has the standard streams and no descriptor of the daemon") {
    World world;
    const int leak = open("/dev/null", O_RDONLY);  // Not close-on-exec, as a careless library would have it.
    const pid_t pid = pid_of(world.create(spec_of("k-1", {"sleep", "60"})));
    // The program's loader has a library open for a moment.
    eventually("it has three", [&] {
        return descriptors_of(pid) == std::vector<std::string>{"0", "1", "2"};
    });
    close(leak);
}

TEST_CASE("isolation: a worker's limits, signals and umask are not the daemon's") {
    World world;
    const pid_t daemon = in_child([&] {
        rlimit low{};
        getrlimit(RLIMIT_NOFILE, &low);
        low.rlim_cur = 300;
        setrlimit(RLIMIT_NOFILE, &low);
        signal(SIGINT, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, nullptr);
        umask(0);
        if (!world.open()->create(*new_call(), spec_of("k-1", {"sleep", "60"}))) _exit(1);
    });
    int status = 0;
    waitpid(daemon, &status, 0);
    REQUIRE(exit_code_of(status) == 0);
    const pid_t pid = world.record_of("k-1").worker.pid;
    CHECK(shows(pid, "limits", "Max core file size        0 "));
    CHECK(shows(pid, "status", "SigBlk:\t0000000000000000"));
    CHECK(shows(pid, "status", "SigIgn:\t0000000000000000"));
    CHECK(shows(pid, "status", "Umask:\t0022"));
    CHECK(shows(pid, "oom_score_adj", "0\n"));
    CHECK(shows(pid, "limits", "Max open files            1024 "));
}

TEST_CASE("isolation: the configured limits are the worker's") {
    World world(R"(, "limits": {"open_files": 200, "core_bytes": 4096})");
    const pid_t pid = pid_of(world.create(spec_of("k-1", {"sleep", "60"})));
    CHECK(shows(pid, "limits", "Max open files            200 "));
    CHECK(shows(pid, "limits", "Max core file size        4096 "));
}

TEST_CASE("isolation: a worker has its own group, and a session that is not the daemon's") {
    World world;
    const pid_t pid = pid_of(world.create(spec_of("k-1", {"sleep", "60"})));
    CHECK(getpgid(pid) == pid);
    CHECK(getsid(pid) != getsid(0));
    const auto shim = read_stat(world.record_of("k-1").shim.pid);
    REQUIRE(shim);
    CHECK(getsid(pid) == shim->id.pid);
}

TEST_CASE("isolation: no child is left with the daemon") {
    World world;
    world.create(spec_of("k-1", {"sleep", "60"}));
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
}

TEST_CASE("isolation: a secret is in the worker's environment and nowhere else") {
    World world;
    sdk::HostSpec spec = shell("k-1", "echo got $TOKEN | tr x y; exec sleep 60");
    spec.env = {{"TOKEN", "xxxxsecretxxxx", true}, {"COLOUR", "green", false}};
    const pid_t pid = pid_of(world.create(spec));
    eventually("it spoke", [&] { return world.log_of("k-1") == "got yyyysecretyyyy\n"; });
    // In the middle of its exec a process shows no environment.
    eventually("its environment holds the secret",
               [&] { return read_environment(pid).fields.get("TOKEN") == "xxxxsecretxxxx"; });
    CHECK(read_environment(pid).fields.get("COLOUR") == "green");
    CHECK(all_command_lines().find("xxxxsecretxxxx") == std::string::npos);
    CHECK(proc_text(world.record_of("k-1").shim.pid, "environ").find("xxxxsecretxxxx") == std::string::npos);
    CHECK(to_fields(world.record_of("k-1")).text().find("xxxxsecretxxxx") == std::string::npos);
}

TEST_CASE("isolation: nothing of the daemon's environment reaches a worker") {
    World world;
    setenv("DAEMON_SECRET", "1", 1);
    const pid_t pid = pid_of(world.create(spec_of("k-1", {"sleep", "60"})));
    unsetenv("DAEMON_SECRET");
    CHECK(read_environment(pid).fields.get("DAEMON_SECRET").empty());
    CHECK(read_environment(pid).fields.get("LANG") == "C.UTF-8");
}

TEST_CASE("isolation: a worker starts in the configured folder, or in the one of its tool") {
    World world(R"(, "working_directory": "/usr")");
    CHECK(std::filesystem::read_symlink(
              "/proc/" + std::to_string(pid_of(world.create(shell("k-1", "sleep 60")))) + "/cwd") == "/usr");
    sdk::HostSpec spec = shell("k-2", "sleep 60");
    spec.params = R"({"command": ["sleep", "60"], "working_directory": "/var"})";
    CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(pid_of(world.create(spec))) + "/cwd") ==
          "/var");
}

TEST_CASE("isolation: as root, workers may run as another user") {
    if (geteuid() != 0) return;
    World world(R"(, "user": "nobody")");
    const pid_t pid = pid_of(world.create(spec_of("k-1", {"sleep", "60"})));
    CHECK(shows(pid, "status", "Uid:\t65534\t65534\t65534\t65534"));
    CHECK(shows(pid, "status", "Gid:\t65534\t65534\t65534\t65534"));
    CHECK(read_environment(pid).fields.get("HOME") == "/nonexistent");
}

TEST_CASE("isolation: a user that is not there is named") {
    if (geteuid() != 0) return;
    World world(R"(, "user": "no-such-user")");
    const auto created = world.backend().create(*new_call(), spec_of("k-1", {"sleep", "60"}));
    REQUIRE(created.has_error());
    CHECK(created.error().message == "user: this machine has no user 'no-such-user'");
}
