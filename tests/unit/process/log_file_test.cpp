#include "plugins/process/shim/log_file.hpp"

#include <catch2/catch.hpp>

#include "plugins/process/common/proc.hpp"
#include "tests/unit/process/temporary_folder.hpp"

using namespace elasticity::process;

TEST_CASE("log: it is rotated before it grows over its size, and the oldest goes") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/w.log";
    LogFile log(path, 10, 3);
    for (const char* text : {"aaaaaaaa", "bbbbbbbb", "cccccccc", "dddd", "eeee"}) log.write(text);
    CHECK(read_file(path) == "ddddeeee");
    CHECK(read_file(path + ".1") == "cccccccc");
    CHECK(read_file(path + ".2") == "bbbbbbbb");
    CHECK_FALSE(read_file(path + ".3"));
}

TEST_CASE("log: with one file the old output makes room for the new") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/w.log";
    LogFile log(path, 10, 1);
    log.write("aaaaaaaa");
    log.write("bbbbbbbb");
    CHECK(read_file(path) == "bbbbbbbb");
    CHECK_FALSE(read_file(path + ".1"));
}

TEST_CASE("log: it is continued, not begun anew") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/w.log";
    LogFile(path, 100, 2).write("before ");
    LogFile(path, 100, 2).write("after");
    CHECK(read_file(path) == "before after");
}

TEST_CASE("log: what cannot be written is counted, and said once it can be written again") {
    const TemporaryFolder folder;
    const std::string later = folder.path() + "/later";
    LogFile log(later + "/w.log", 100, 2);
    log.write("lost");
    std::filesystem::create_directory(later);
    log.write("kept");
    CHECK(read_file(later + "/w.log") ==
          "kept\n[elasticity: 4 bytes of output before this could not be written]\n");
}
