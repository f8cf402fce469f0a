#include "plugins/process/program.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <elasticity/sdk/plugin.hpp>
#include <filesystem>
#include <fstream>

#include "tests/unit/process/temporary_folder.hpp"

using elasticity::process::find_program;
namespace sdk = elasticity::sdk;

namespace {

std::string refusal(const std::string& name, const std::string& path) {
    try {
        return "found " + find_program(name, path);
    } catch (const sdk::Error& error) {
        CHECK(error.code == ELS_INVALID_ARGUMENT);
        CHECK(error.field == "/command/0");
        return error.provider_code + ": " + error.text;
    }
}

void make_file(const std::string& path, mode_t mode) {
    std::ofstream(path) << "#!/bin/sh\n";
    chmod(path.c_str(), mode);
}

}  // namespace

TEST_CASE("program: the first executable file in PATH is taken") {
    const TemporaryFolder first, second;
    make_file(first.path() + "/tool", 0644);
    make_file(second.path() + "/tool", 0755);
    CHECK(find_program("tool", first.path() + ":" + second.path()) == second.path() + "/tool");
}

TEST_CASE("program: not found and not executable are told apart") {
    const TemporaryFolder folder;
    make_file(folder.path() + "/tool", 0644);
    CHECK(refusal("other", folder.path()) ==
          "command_not_found: no program 'other' in the worker's PATH, " + folder.path());
    CHECK(refusal("tool", folder.path()) ==
          "command_not_executable: " + folder.path() + "/tool is not executable");
}

TEST_CASE("program: a folder of that name is no program") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() + "/tool");
    CHECK(refusal("tool", folder.path()).starts_with("command_not_found"));
}

TEST_CASE("program: a name with a slash is itself") { CHECK(find_program("./tool", "/bin") == "./tool"); }

TEST_CASE("program: a relative folder in PATH is passed over") {
    CHECK(refusal("sh", ".::bin").starts_with("command_not_found"));
}
