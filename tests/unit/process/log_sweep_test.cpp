#include "plugins/process/log_sweep.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/process/temporary_folder.hpp"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

void make_log(const std::string& path, std::chrono::seconds age) {
    std::ofstream(path) << "x";
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

}  // namespace

TEST_CASE("sweep: old logs of workers that are gone are removed, and nothing else") {
    const TemporaryFolder folder;
    const std::string base = folder.path() + "/";
    for (const char* name : {"gone.log", "gone.log.2", "here.log", "notes.txt", "x.log.bak", ".log"})
        make_log(base + name, 61s);
    make_log(base + "young.log", 59s);
    CHECK(elasticity::process::sweep_logs(folder.path(), {"here"}, 60s) == 2);
    CHECK_FALSE(fs::exists(base + "gone.log"));
    CHECK_FALSE(fs::exists(base + "gone.log.2"));
    for (const char* name : {"here.log", "notes.txt", "x.log.bak", ".log", "young.log"})
        CHECK(fs::exists(base + name));
}

TEST_CASE("sweep: a folder that is not there is nothing to do") {
    CHECK(elasticity::process::sweep_logs("/nonexistent", {}, 60s) == 0);
}
