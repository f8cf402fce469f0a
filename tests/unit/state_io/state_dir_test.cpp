#include "core/io/state/state_dir.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/state_io/support.hpp"

namespace elasticity {

using Catch::Matchers::Contains;

namespace {

const std::string id_a(32, 'a');
const std::string id_b(32, 'b');

mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("state dir: a new one is private, in format 1, and keeps its random install id") {
    const TempDir temp;
    std::string first;
    {
        const auto dir = must(StateDir::open(temp / "a/state"));
        first = dir.install_id();
        CHECK(mode_of(dir.root()) == 0700);
        CHECK(slurp(dir.root() / "format") == "1\n");
    }
    CHECK(first.size() == 32);
    CHECK(must(StateDir::open(temp / "a/state")).install_id() == first);
    CHECK(must(StateDir::open(temp / "other")).install_id() != first);
}

TEST_CASE("state dir: a trailing slash names the same directory") {
    const TempDir temp;
    CHECK(must(StateDir::open(temp / "state/")).tools_file() == temp / "state/tools.json");
}

TEST_CASE("state dir: a second opener is refused and told who holds it") {
    const TempDir temp;
    const auto held = must(StateDir::open(temp.path()));
    const auto second = StateDir::open(temp.path());
    REQUIRE(!second);
    CHECK(second.error().kind == ErrorKind::conflict);
    const std::string pid = std::to_string(::getpid());
    CHECK(second.error().message == temp.path().string() + ": in use by process " + pid + " (" +
                                        (temp / "lock").string() +
                                        "): stop it, or choose another state_dir");
}

TEST_CASE("state dir: the lock of a killed process is free") {
    const TempDir temp;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = StateDir::open(temp.path());
        ::kill(::getpid(), held ? SIGKILL : SIGTERM);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WTERMSIG(status) == SIGKILL);
    CHECK(StateDir::open(temp.path()).has_value());
}

TEST_CASE("state dir: a newer format is refused, naming both") {
    const TempDir temp;
    spill(temp / "format", "2\n");
    const auto opened = StateDir::open(temp.path());
    REQUIRE(!opened);
    CHECK(opened.error().kind == ErrorKind::refused);
    CHECK_THAT(opened.error().message, Contains("format 2") && Contains("up to format 1"));
    CHECK(!std::filesystem::exists(temp / "install_id"));
    spill(temp / "format", "two\n");
    CHECK_THAT(StateDir::open(temp.path()).error().message, Contains("got \"two\""));
}

TEST_CASE("state dir: an install id is restored only where there is none") {
    const TempDir temp;
    CHECK(must(StateDir::open(temp.path(), id_a)).install_id() == id_a);
    CHECK(must(StateDir::open(temp.path(), id_a)).install_id() == id_a);
    const auto other = StateDir::open(temp.path(), id_b);
    REQUIRE(!other);
    CHECK(other.error().kind == ErrorKind::refused);
    CHECK_THAT(other.error().message, Contains(id_a) && Contains(id_b));
    CHECK(StateDir::open(temp.path(), std::string("XYZ")).error().kind == ErrorKind::invalid);
}

TEST_CASE("state dir: a damaged install id is an error, not a new one") {
    const TempDir temp;
    spill(temp / "install_id", "");
    CHECK(StateDir::open(temp.path()).error().kind == ErrorKind::invalid);
    CHECK(slurp(temp / "install_id").empty());
}

TEST_CASE("state dir: one that others may write is refused") {
    const TempDir temp;
    std::filesystem::permissions(temp.path(), std::filesystem::perms(0770));
    CHECK(StateDir::open(temp.path()).error().kind == ErrorKind::refused);
}

TEST_CASE("state dir: each backend has a private folder, whose name cannot lead elsewhere") {
    const TempDir temp;
    const auto dir = must(StateDir::open(temp.path()));
    const auto folder = must(dir.backend_dir("local-docker"));
    CHECK(folder == temp / "backends/local-docker");
    CHECK(mode_of(folder) == 0700);
    CHECK(must(dir.backend_dir("local-docker")) == folder);
    for (const char* name : {"", ".", "..", "../x", "a/b"}) CHECK(!dir.backend_dir(name));
}

}  // namespace elasticity
