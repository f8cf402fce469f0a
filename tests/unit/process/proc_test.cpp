#include "plugins/process/common/proc.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "plugins/process/common/record.hpp"
#include "tests/unit/process/temporary_folder.hpp"

using namespace elasticity::process;

namespace {

const std::string rest =
    " 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 0 0 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 "
    "0 0 0 "
    "0 0 0 0 0 0 0 0 100 200 35584";

/// A child that ends at once and is not waited for until the end of the test.
struct Zombie {
    explicit Zombie(int exit_code) : pid(fork()) {
        if (pid == 0) _exit(exit_code);
        siginfo_t ended{};
        waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT);
    }
    ~Zombie() { waitpid(pid, nullptr, 0); }
    const pid_t pid;
};

}  // namespace

TEST_CASE("proc: a program's name with brackets and blanks does not shift the fields") {
    const auto stat = parse_stat("42 (a) R 9 (b) S" + rest);
    REQUIRE(stat);
    CHECK(stat->id == ProcessId{42, 777});
    CHECK(stat->state == 'S');
    CHECK(stat->group == 42);
    CHECK_FALSE(stat->has_empty_environment);
    CHECK(exit_code_of(stat->wait_status) == 139);
}

TEST_CASE("proc: a line that is cut short is no process") {
    CHECK_FALSE(parse_stat(""));
    CHECK_FALSE(parse_stat("42 (sh) S 1 42"));
}

TEST_CASE("proc: the same pid with another start time is another process") {
    const auto self = read_stat(getpid());
    REQUIRE(self);
    CHECK(is_alive(self->id));
    CHECK_FALSE(is_alive({self->id.pid, self->id.start_ticks + 1}));
}

TEST_CASE("proc: a zombie is not alive, and tells how it ended") {
    const Zombie zombie(3);
    const auto stat = read_stat(zombie.pid);
    REQUIRE(stat);
    CHECK_FALSE(is_alive(stat->id));
    CHECK(exit_code_of(stat->wait_status) == 3);
    CHECK(read_environment(zombie.pid).sight == Environment::Sight::none);
}

TEST_CASE("proc: what is not there is an answer, what cannot be seen is an error") {
    CHECK_FALSE(read_file("/proc/0/stat"));
    CHECK_FALSE(read_stat(0));
    CHECK_THROWS_AS(read_file("/proc"), std::system_error);
}

TEST_CASE("proc: a process without any environment is seen to have none") {
    const pid_t child = fork();
    if (child == 0) {
        char* const nothing[] = {nullptr};
        char* const arguments[] = {const_cast<char*>("sleep"), const_cast<char*>("60"), nullptr};
        execve("/bin/sleep", arguments, nothing);
        _exit(127);
    }
    // Until it has passed its exec it shows our environment, or that it is inside.
    while (read_environment(child).sight != Environment::Sight::none) continue;
    CHECK(read_stat(child)->has_empty_environment);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST_CASE("proc: a process that is inside execve is never taken for one without an environment") {
    const TemporaryFolder folder;
    const std::string script = folder.path() + "/again";
    std::ofstream(script) << "exec /bin/sh " << script << "\n";
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", script.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    int none = 0;
    for (int look = 0; look < 5000; ++look)
        if (read_environment(child).sight == Environment::Sight::none) ++none;
    CHECK(none == 0);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST_CASE("proc: a process that was just started began about now") {
    const Zombie zombie(0);
    CHECK(std::abs(started_unix_ms(read_stat(zombie.pid)->id) - unix_ms_now()) < 5000);
}
