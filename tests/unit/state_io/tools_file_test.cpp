#include "core/io/state/tools_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/file_descriptor.hpp"
#include "tests/unit/state_io/support.hpp"

namespace elasticity {

using Catch::Matchers::Contains;

namespace {

std::string text_of(std::uint64_t generation) {
    return "{\"generation\": " + std::to_string(generation) + "}\n";
}

/// A state directory whose tools.json is at `generation`.
struct World {
    explicit World(std::uint64_t generation) : file(must(ToolsFile::open(temp.path()))) {
        for (std::uint64_t next = 1; next <= generation; ++next) {
            last = must(file.commit(last, text_of(next), next)).fingerprint;
        }
    }
    std::string in_force() const { return slurp(file.path()); }
    std::string aside(std::uint64_t generation) const {
        return (temp / ("tools.json." + std::to_string(generation) + ".aside")).string();
    }
    std::size_t asides() const {
        std::size_t count = 0;
        for (const std::string& name : must(list_names(temp.path()))) {
            count += name.ends_with(".aside") ? 1 : 0;
        }
        return count;
    }

    TempDir temp;
    ToolsFile file;
    std::optional<Fingerprint> last;
};

}  // namespace

TEST_CASE("tools file: a missing one reads as nothing, an empty one as empty") {
    const World world(0);
    CHECK(!must(world.file.read()));
    spill(world.file.path(), "");
    CHECK(must(world.file.read())->text.empty());
}

TEST_CASE("tools file: a commit is in the file, in the history, and leaves nothing else") {
    const World world(3);
    const auto now = must(world.file.read());
    CHECK(now->text == text_of(3));
    CHECK(now->fingerprint == world.last);
    CHECK(must(world.file.history().newest())->generation == 3);
    CHECK(must(world.file.history().read(2)) == text_of(2));
    CHECK(slurp(world.temp / "history/000000000003.json") == text_of(3));
    CHECK(world.asides() == 0);
}

TEST_CASE("tools file: a generation never goes back or repeats") {
    World world(3);
    for (const std::uint64_t generation : {2, 3}) {
        const auto outcome = world.file.commit(world.last, "other", generation);
        REQUIRE(!outcome);
        CHECK(outcome.error().kind == ErrorKind::conflict);
    }
    CHECK(world.in_force() == text_of(3));
    CHECK(must(world.file.history().read(3)) == text_of(3));
    CHECK(world.asides() == 0);
}

TEST_CASE("tools file: a hand edit saved at the same moment is handed back, and kept until the next commit") {
    World world(1);
    save_by_rename(world.file.path(), "edited by hand");
    auto outcome = must(world.file.commit(world.last, text_of(2), 2));
    CHECK(outcome.displaced_text == "edited by hand");
    CHECK(world.in_force() == text_of(2));
    CHECK(slurp(world.aside(2)) == "edited by hand");
    outcome = must(world.file.commit(outcome.fingerprint, text_of(3), 3));
    CHECK(!outcome.displaced_text);
    CHECK(world.asides() == 0);
}

TEST_CASE("tools file: a file that appears where there was none is a hand edit too") {
    World world(0);
    spill(world.file.path(), "made by hand");
    CHECK(must(world.file.commit(std::nullopt, text_of(1), 1)).displaced_text == "made by hand");
}

TEST_CASE("tools file: saving the same content again is no edit") {
    World world(1);
    save_by_rename(world.file.path(), text_of(1));
    CHECK(!must(world.file.commit(world.last, text_of(2), 2)).displaced_text);
}

TEST_CASE("tools file: a removed one is written again") {
    World world(1);
    std::filesystem::remove(world.file.path());
    CHECK(!must(world.file.commit(world.last, text_of(2), 2)).displaced_text);
    CHECK(world.in_force() == text_of(2));
}

TEST_CASE("tools file: a commit waits for a program that is writing the displaced file in place") {
    World world(1);
    FileDescriptor writer(::open(world.file.path().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    REQUIRE(::write(writer.get(), "half ", 5) == 5);
    const auto commit_second = [&] { return world.file.commit(world.last, text_of(2), 2); };
    auto commit = std::async(std::launch::async, commit_second);
    CHECK(commit.wait_for(std::chrono::milliseconds(150)) == std::future_status::timeout);
    CHECK(world.in_force() == text_of(2));
    REQUIRE(::write(writer.get(), "whole", 5) == 5);
    writer = FileDescriptor();
    CHECK(must(commit.get()).displaced_text == "half whole");
}

TEST_CASE("tools file: a program that is too slow for the commit is read when it has finished") {
    World world(1);
    FileDescriptor writer(::open(world.file.path().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    REQUIRE(::write(writer.get(), "half ", 5) == 5);
    const auto outcome = must(world.file.commit(world.last, text_of(2), 2));
    REQUIRE(outcome.tidy_error);
    CHECK_THAT(outcome.tidy_error->message, Contains("open for writing still"));
    CHECK(!must(world.file.take_displaced()));
    CHECK(!must(world.file.commit(outcome.fingerprint, text_of(3), 3)).displaced_text);
    REQUIRE(::write(writer.get(), "whole", 5) == 5);
    writer = FileDescriptor();
    SECTION("by the same process") {
        CHECK(must(world.file.take_displaced()) == "half whole");
        CHECK(!must(world.file.take_displaced()));
        must(world.file.commit(fingerprint_of(text_of(3)), text_of(4), 4));
        CHECK(world.asides() == 0);
    }
    SECTION("by the next one, after a crash") {
        ToolsFile file = must(ToolsFile::open(world.temp.path()));
        CHECK(must(file.take_displaced()) == "half whole");
        CHECK(world.in_force() == text_of(3));
    }
}

TEST_CASE("tools file: mode and owner are kept") {
    World world(1);
    std::filesystem::permissions(world.file.path(), std::filesystem::perms(0640));
    const bool is_root = ::geteuid() == 0;
    if (is_root) REQUIRE(::chown(world.file.path().c_str(), 12, 34) == 0);
    must(world.file.commit(world.last, text_of(2), 2));
    struct stat status {};
    REQUIRE(::stat(world.file.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    if (is_root) CHECK((status.st_uid == 12 && status.st_gid == 34));
}

TEST_CASE("tools file: a commit neither follows nor replaces a symbolic link") {
    World world(0);
    std::filesystem::create_symlink("/etc/passwd", world.file.path());
    CHECK_THAT(world.file.commit(std::nullopt, text_of(1), 1).error().message, Contains("symbolic link"));
    CHECK(std::filesystem::is_symlink(world.file.path()));
}

TEST_CASE("tools file: a link, a pipe and an oversized file are refused, not followed") {
    const World world(0);
    std::filesystem::create_symlink("/etc/passwd", world.file.path());
    CHECK_THAT(world.file.read().error().message, Contains("symbolic link"));
    std::filesystem::remove(world.file.path());
    REQUIRE(::mkfifo(world.file.path().c_str(), 0600) == 0);
    CHECK_THAT(world.file.read().error().message, Contains("no regular file"));
    std::filesystem::remove(world.file.path());
    spill(world.file.path(), "12345");
    std::filesystem::resize_file(world.file.path(), tools_file_bytes_max + 1);
    CHECK_THAT(world.file.read().error().message, Contains("larger than the limit"));
}

TEST_CASE("tools file: the history keeps the newest generations") {
    const TempDir temp;
    ToolsFile file = must(ToolsFile::open(temp.path(), 2));
    for (std::uint64_t next = 1; next <= 5; ++next) must(file.commit(std::nullopt, text_of(next), next));
    const auto kept = must(file.history().list());
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].generation == 4);
    CHECK(kept[1].generation == 5);
    CHECK(kept[1].size_bytes == text_of(5).size());
    CHECK(kept[1].time_unix_ms > 1'700'000'000'000);
    CHECK_THAT(file.history().read(3).error().message,
               Contains("no generation 3, kept are 2 between 4 and 5"));
    History history(temp / "history");
    must(history.prune(0));
    CHECK(must(history.list()).size() == 1);
}

TEST_CASE("tools file: what was refused is kept with its reason") {
    World world(1);
    must(world.file.set_aside_rejected("{broken", "tools.json:1:2: expected a string"));
    CHECK(slurp(world.temp / "tools.json.rejected") == "{broken");
    CHECK(slurp(world.temp / "tools.json.rejected.txt") == "tools.json:1:2: expected a string\n");
}

TEST_CASE("recovery: a commit that did not reach the history never was") {
    const World world(1);
    spill(world.aside(2), text_of(2));
    spill(world.temp / "history/000000000002.json.new", "half");
    ToolsFile file = must(ToolsFile::open(world.temp.path()));
    CHECK(!must(file.take_displaced()));
    CHECK(world.in_force() == text_of(1));
    CHECK(must(file.history().newest())->generation == 1);
    CHECK(world.asides() == 0);
    CHECK(must(list_names(world.temp / "history")).size() == 1);
}

TEST_CASE("recovery: a commit that reached the history is put in force") {
    const World world(1);
    spill(world.aside(2), text_of(2));
    spill(world.temp / "history/000000000002.json", text_of(2));
    SECTION("over the old generation") {
        ToolsFile file = must(ToolsFile::open(world.temp.path()));
        CHECK(!must(file.take_displaced()));
        CHECK(world.asides() == 0);
    }
    SECTION("over a hand edit, which is handed back once") {
        save_by_rename(world.file.path(), "edited by hand");
        ToolsFile file = must(ToolsFile::open(world.temp.path()));
        CHECK(must(file.take_displaced()) == "edited by hand");
        CHECK(!must(file.take_displaced()));
    }
    SECTION("where there was no file") {
        std::filesystem::remove(world.file.path());
        CHECK(!must(must(ToolsFile::open(world.temp.path())).take_displaced()));
        CHECK(world.asides() == 0);
    }
    CHECK(world.in_force() == text_of(2));
}

TEST_CASE("recovery: a displaced hand edit that was not merged yet is handed back") {
    World world(1);
    save_by_rename(world.file.path(), "edited by hand");
    must(world.file.commit(world.last, text_of(2), 2));
    SECTION("the file as committed") {}
    SECTION("and edited once more since") { save_by_rename(world.file.path(), "second edit"); }
    const std::string before = world.in_force();
    CHECK(must(must(ToolsFile::open(world.temp.path())).take_displaced()) == "edited by hand");
    CHECK(world.in_force() == before);
}

TEST_CASE("recovery: an older tools.json is left alone, as nobody was committing") {
    const World world(3);
    spill(world.file.path(), text_of(1));
    ToolsFile file = must(ToolsFile::open(world.temp.path()));
    CHECK(world.in_force() == text_of(1));
    CHECK(must(file.history().newest())->generation == 3);
}

}  // namespace elasticity
