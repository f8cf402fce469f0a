// Without a sanitizer, also where all else has one: see limit_memory().
#include "core/plugin_host/isolation/memory_limit.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace elasticity;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

/// How a child ends that does this, and what it writes to standard error.
struct Ending {
    int status = 0;
    std::string said;
};

Ending in_child(const std::function<void()>& act) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        std::signal(SIGABRT, SIG_DFL);  // The test framework reports signals.
        dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(ends[1]);
    Ending ending;
    char chunk[256];
    for (ssize_t count; (count = read(ends[0], chunk, sizeof chunk)) > 0;)
        ending.said.append(chunk, static_cast<std::size_t>(count));
    close(ends[0]);
    REQUIRE(waitpid(pid, &ending.status, 0) == pid);
    return ending;
}

/// Each byte is touched.
void take(std::uint64_t bytes) {
    static std::vector<std::unique_ptr<std::vector<char>>> kept;
    for (std::uint64_t taken = 0; taken < bytes; taken += mebibyte)
        kept.push_back(std::make_unique<std::vector<char>>(mebibyte, 'x'));
}

}  // namespace

TEST_CASE("memory limit: what stays below it has its room") {
    const Ending ending = in_child([] {
        limit_memory(128 * mebibyte);
        take(100 * mebibyte);
    });
    CHECK(ending.status == 0);
    CHECK(ending.said.empty());
}

TEST_CASE("memory limit: who exceeds it ends, and says why") {
    const Ending ending = in_child([] {
        limit_memory(128 * mebibyte);
        take(200 * mebibyte);
    });
    CHECK(WIFSIGNALED(ending.status));
    CHECK(WTERMSIG(ending.status) == SIGABRT);
    CHECK(ending.said == "out of memory, see plugin_memory_bytes\n");
}

TEST_CASE("memory limit: the hard limit stays for what the process starts") {
    const Ending ending = in_child([] {
        rlimit before{}, after{};
        getrlimit(RLIMIT_DATA, &before);
        limit_memory(128 * mebibyte);
        getrlimit(RLIMIT_DATA, &after);
        _exit(after.rlim_max == before.rlim_max && after.rlim_cur < before.rlim_cur ? 0 : 1);
    });
    CHECK(ending.status == 0);
}
