#include <elasticity/sdk/program.hpp>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "sdk/host/call.hpp"

namespace elasticity::sdk {
namespace {
using namespace std::chrono_literals;

ProgramResult run(std::vector<std::string> words, std::vector<std::string> environment = {}) {
    const HostCall call("test", 1, HostCall::Clock::now() + 60s);
    return run_program(Call(call.get()), words, environment);
}

/// `script` for /bin/sh, which is only here because it can do everything.
ProgramResult run_script(const std::string& script) { return run({"/bin/sh", "-c", script}); }

std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator folder("/proc/self/fd");
    return std::distance(begin(folder), end(folder));
}

TEST_CASE("program: gives back output, errors and exit code") {
    const ProgramResult result = run_script("echo out; echo err >&2; exit 7");
    CHECK(result.output == "out\n");
    CHECK(result.errors == "err\n");
    CHECK(result.exit_code == 7);
    CHECK(run_script("kill -s KILL $$").exit_code == 128 + SIGKILL);
}

TEST_CASE("program: words reach it as they are, and no variable but those given") {
    CHECK(run({"/bin/echo", "$HOME `id`", "; exit 1"}).output == "$HOME `id` ; exit 1\n");
    CHECK(run({"/usr/bin/env"}, {"A=1", "B=two words"}).output == "A=1\nB=two words\n");
}

TEST_CASE("program: more than a pipe holds is read, and more than anybody should print ends it") {
    CHECK(run({"/usr/bin/head", "-c", "1000000", "/dev/zero"}).output.size() == 1'000'000);
    const ProgramResult endless = run_script("exec 2>&1; yes");
    CHECK(endless.exit_code == 128 + SIGPIPE);
    CHECK(endless.output.size() < detail::program_output_bytes_max + 5000);
}

TEST_CASE("program: one that cannot be run is unavailable, in words") {
    try {
        run({"/nowhere/cloud"});
        FAIL("it ran");
    } catch (const Error& error) {
        CHECK(error.code == ELS_UNAVAILABLE);
        CHECK(error.text == "/nowhere/cloud: cannot be run: No such file or directory");
    }
}

TEST_CASE("program: one that runs past the deadline is killed with what it started: maybe done") {
    const HostCall call("test", 1, HostCall::Clock::now() + 200ms);
    const auto begun = HostCall::Clock::now();
    try {
        run_program(Call(call.get()), {"/bin/sh", "-c", "sleep 1000 & sleep 1000"}, {});
        FAIL("it ended");
    } catch (const Error& error) {
        CHECK(error.code == ELS_DEADLINE_EXCEEDED);
        CHECK((error.flags & ELS_ERR_MAYBE_DONE) != 0);
    }
    CHECK(HostCall::Clock::now() - begun < 30s);
}

TEST_CASE("program: a cancelled call ends it") {
    HostCall call("test", 1, HostCall::Clock::now() + 600s);
    std::thread canceller([&] { call.cancel(); });
    CHECK_THROWS_AS(run_program(Call(call.get()), {"/bin/sleep", "1000"}, {}), Error);
    canceller.join();
}

TEST_CASE("program: what it leaves in a session of its own goes on, and holds nobody up") {
    const ProgramResult result = run_script("setsid sleep 1000 & echo $!");
    const int left = std::stoi(result.output);
    CHECK(::kill(left, 0) == 0);
    ::kill(left, SIGKILL);
}

TEST_CASE("program: starts with no signal blocked or ignored, whatever its host does") {
    sigset_t terminate, before;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &terminate, &before);
    const auto pipe_before = std::signal(SIGPIPE, SIG_IGN);
    std::istringstream lines(run({"/bin/grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"}).output);
    std::signal(SIGPIPE, pipe_before);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::string name;
    std::uint64_t signals = ~0ULL, standard_signals = 0x7fffffff;  // the C library keeps two of the others
    for (int line = 0; line < 2; ++line) {
        REQUIRE(lines >> name >> std::hex >> signals);
        CHECK((signals & standard_signals) == 0);
    }
}

TEST_CASE("program: leaves neither descriptor nor zombie behind, also when it is cut short") {
    const auto before = open_descriptors();
    run_script("true");
    const HostCall late("test", 1, HostCall::Clock::now() + 50ms);
    CHECK_THROWS_AS(run_program(Call(late.get()), {"/bin/sleep", "1000"}, {}), Error);
    CHECK(open_descriptors() == before + 1);  // the cancel descriptor of `late`
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

}  // namespace
}  // namespace elasticity::sdk
