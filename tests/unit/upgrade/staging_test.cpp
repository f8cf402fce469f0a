#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/plugin_host/upgrade/folder_watch.hpp"
#include "core/plugin_host/upgrade/sha256.hpp"
#include "core/plugin_host/upgrade/staging.hpp"
#include "tests/unit/upgrade/support.hpp"

using namespace elasticity;
using namespace elasticity::test;
namespace fs = std::filesystem;

namespace {

constexpr uid_t stranger = 54321;

std::string verified(const fs::path& file, uid_t daemon_user = geteuid()) {
    const auto opened = open_plugin(file);
    if (!opened) return opened.error().message;
    const auto result = verify_plugin(*opened, daemon_user);
    return result ? "" : result.error().message;
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
    return names;
}

}  // namespace

TEST_CASE("sha256: is that of FIPS 180-4, however the bytes come") {
    Sha256 whole;
    whole.update("abc");
    CHECK(whole.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 pieces;
    for (const char* piece : {"a", "", "bc"}) pieces.update(piece);
    CHECK(pieces.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(Sha256().finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("verify: a file that nobody else can write passes, also by a link") {
    Folder folder;
    const fs::path file = folder.write("a.so", "x");
    CHECK(verified(file) == "");
    fs::create_symlink(file, folder.path() / "b.so");
    CHECK(verified(folder.path() / "b.so") == "");
}

TEST_CASE("verify: a file that others may write is refused") {
    Folder folder;
    const fs::path file = folder.write("a.so", "x");
    for (const mode_t mode : {0664, 0646}) {
        chmod(file.c_str(), mode);
        CHECK(verified(file) == file.string() + ": others than its owner may write there");
    }
}

TEST_CASE("verify: a file in a folder that others may write is refused, also where only a link is there") {
    Folder folder, open_folder;
    const fs::path file = folder.write("a.so", "x");
    fs::create_symlink(file, open_folder.path() / "a.so");
    chmod(open_folder.path().c_str(), 0777);
    CHECK(verified(open_folder.write("b.so", "x")) == open_folder.path().string() + ": others than its owner may write there");
    CHECK(verified(open_folder.path() / "a.so") == open_folder.path().string() + ": others than its owner may write there");
}

TEST_CASE("verify: a file of another user is refused") {
    if (geteuid() != 0) return;  // Only root can give a file away.
    Folder folder;
    const fs::path file = folder.write("a.so", "x");
    REQUIRE(chown(file.c_str(), stranger, 0) == 0);
    CHECK(verified(file) == file.string() + ": belongs to user 54321, root or user 0, as whom the daemon runs, was wanted");
    REQUIRE(chown(folder.path().c_str(), stranger, 0) == 0);
    CHECK(verified(file, stranger) == "");
    CHECK(verified(folder.write("b.so", "x"), stranger) == "");
}

TEST_CASE("verify: what is no regular file is refused, and a pipe does not hang us") {
    Folder folder;
    CHECK(verified(folder.path() / "none.so").ends_with("No such file or directory"));
    CHECK(verified(folder.path()).ends_with("is no regular file"));
    REQUIRE(mkfifo((folder.path() / "pipe.so").c_str(), 0600) == 0);
    CHECK(verified(folder.path() / "pipe.so").ends_with("is no regular file"));
}

TEST_CASE("staging: a copy is private, told by its hash, and gone with its last holder") {
    Folder plugins, state;
    const auto opened = open_plugin(plugins.write("a.so", "abc"));
    REQUIRE(opened.has_value());
    // What the name leads to by now is not what was checked.
    plugins.write("other", "another file");
    fs::rename(plugins.path() / "other", plugins.path() / "a.so");
    const auto staging = StagingFolder::open(state.path());
    REQUIRE(staging.has_value());
    {
        const auto staged = staging->stage(*opened, "cloud", 7);
        REQUIRE(staged.has_value());
        CHECK((*staged)->sha256() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK((*staged)->file() == state.path() / "cloud.7.ba7816bf8f01cfea.so");
        CHECK((*staged)->source() == plugins.path() / "a.so");
        std::ifstream copy((*staged)->file());
        CHECK(std::string(std::istreambuf_iterator<char>(copy), {}) == "abc");
        struct stat status {};
        REQUIRE(stat((*staged)->file().c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0400);
        CHECK(names_in(state.path()).size() == 1);
    }
    CHECK(names_in(state.path()).empty());
}

TEST_CASE("staging: what a killed daemon left is swept at the start") {
    Folder state;
    state.write("cloud.3.partial", "half");
    state.write("cloud.2.0123456789abcdef.so", "old");
    REQUIRE(StagingFolder::open(state.path()).has_value());
    CHECK(names_in(state.path()).empty());
}

TEST_CASE("staging: a copy that cannot be written is an error, and leaves nothing") {
    Folder plugins;
    const auto opened = open_plugin(plugins.write("a.so", "abc"));
    REQUIRE(opened.has_value());
    const auto staging = StagingFolder::open(plugins.path() / "missing");
    REQUIRE(staging.has_value());
    const auto staged = staging->stage(*opened, "cloud", 2);
    REQUIRE(staged.has_error());
    CHECK(staged.error().message.find("cannot create: No such file or directory") != std::string::npos);
}

TEST_CASE("folder watch: a rename is told from what is written in place") {
    Folder folder, outside;
    auto watch = FolderWatch::open(folder.path());
    REQUIRE(watch.has_value());
    folder.write("a.so", "x");
    fs::rename(outside.write("b.so", "x"), folder.path() / "b.so");
    const auto changes = watch->drain();
    REQUIRE(changes.has_value());
    REQUIRE(changes->size() == 2);
    CHECK(changes->at(0).name == "a.so");
    CHECK(!changes->at(0).is_renamed);
    CHECK(changes->at(1).name == "b.so");
    CHECK(changes->at(1).is_renamed);
    CHECK(watch->drain()->empty());
}

TEST_CASE("folder watch: a folder that goes is an error, once and for all") {
    Folder outside;
    const fs::path inner = outside.path() / "inner";
    fs::create_directory(inner);
    auto watch = FolderWatch::open(inner);
    REQUIRE(watch.has_value());
    fs::remove(inner);
    CHECK(watch->drain().has_error());
    CHECK(watch->is_gone());
}
