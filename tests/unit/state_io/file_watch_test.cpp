#include "core/io/state/file_watch.hpp"

#include <poll.h>

#include "core/io/state/tools_file.hpp"
#include "tests/unit/state_io/support.hpp"

namespace elasticity {

namespace {

bool is_readable(const FileWatch& watch) {
    pollfd waiting{watch.descriptor(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1;
}

}  // namespace

TEST_CASE("file watch: every way of saving, and a removal, is noticed once drained") {
    const TempDir temp;
    const auto path = temp / "tools.json";
    FileWatch watch = must(FileWatch::open(path));
    CHECK(!must(watch.drain()));
    SECTION("in place") { spill(path, "a"); }
    SECTION("by rename") { save_by_rename(path, "a"); }
    SECTION("by a commit") { must(must(ToolsFile::open(temp.path())).commit(std::nullopt, "a", 1)); }
    SECTION("removed") {
        spill(path, "a");
        CHECK(must(watch.drain()));
        std::filesystem::remove(path);
    }
    CHECK(is_readable(watch));
    CHECK(must(watch.drain()));
    CHECK(!is_readable(watch));
    CHECK(!must(watch.drain()));
}

TEST_CASE("file watch: other files of the directory do not concern it") {
    const TempDir temp;
    FileWatch watch = must(FileWatch::open(temp / "tools.json"));
    spill(temp / "tools.json.swp", "a");
    spill(temp / "other", "a");
    CHECK(!must(watch.drain()));
}

TEST_CASE("file watch: a file beside it concerns it when its name has the wanted end") {
    const TempDir temp;
    FileWatch watch = must(FileWatch::open(temp / "tools.json", aside_suffix));
    spill(temp / "tools.json.swp", "a");
    CHECK(!must(watch.drain()));
    spill(temp / "tools.json.7.aside", "a");
    CHECK(must(watch.drain()));
}

TEST_CASE("file watch: reading the file does not wake it") {
    const TempDir temp;
    spill(temp / "tools.json", "a");
    FileWatch watch = must(FileWatch::open(temp / "tools.json"));
    CHECK(slurp(temp / "tools.json") == "a");
    CHECK(!is_readable(watch));
}

TEST_CASE("file watch: a directory that goes away is an error, not silence") {
    const TempDir temp;
    std::filesystem::create_directory(temp / "state");
    FileWatch watch = must(FileWatch::open(temp / "state/tools.json"));
    std::filesystem::rename(temp / "state", temp / "moved");
    CHECK(watch.drain().error().kind == ErrorKind::not_found);
    CHECK(FileWatch::open(temp / "none/tools.json").error().kind == ErrorKind::not_found);
}

}  // namespace elasticity
