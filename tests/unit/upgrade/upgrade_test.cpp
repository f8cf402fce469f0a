#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "tests/unit/upgrade/support.hpp"

using namespace elasticity;
using namespace elasticity::test;
using std::chrono::milliseconds;
namespace json = boost::json;

namespace {

BackendSettings with_mode(BackendSettings settings, const std::string& member, const std::string& mode) {
    settings.config[member] = mode;
    return settings;
}

std::string settle_with_settings(World& world, const std::string& member, const std::string& mode) {
    UpgradeRequest request;
    request.settings = with_mode(world.settings.backends.at("cloud"), member, mode);
    return world.upgrade(std::move(request));
}

bool rolled_back(const json::object& status) {
    return status.at("last_upgrade").at("outcome") == "rolled_back";
}

}  // namespace

TEST_CASE("upgrade: a new file takes over, the old one is kept, and then goes") {
    World world;
    world.surroundings.rollback_window = milliseconds(300);
    REQUIRE(world.create("w-1").get() == "OK");
    CHECK(world.upgrade(world.build("cloud", "2")) == "replaced: generation 2 serves");
    CHECK(world.serving() == 2);
    CHECK(world.list().get() == "OK");
    world.await_state("serving");
    CHECK(world.copies().size() == 1);
    CHECK(children().size() == 1);
    const json::object status = world.upgrades->describe("cloud");
    std::string phases;
    for (const json::value& step : status.at("last_upgrade").at("steps").as_array())
        phases += std::string(step.at("phase").as_string()) + " ";
    CHECK(phases == "verifying staging probing activating comparing draining watching watching ");
    CHECK(status.at("sha256") == status.at("last_upgrade").at("sha256"));
}

TEST_CASE("upgrade: a file that cannot serve is refused, and the old one serves on") {
    const auto [name, why] = GENERATE(table<std::string, std::string>({
        {"missing", "cannot open: No such file or directory"},
        {"text", "file too short"},
        {"writable", "others than its owner may write there"},
        {"crashing", "signal 11"},
        {"crashing_in_list", "signal 11"},
        {"stranger", "it is plugin org.example.stranger, org.example.cloud was wanted"},
        {"blind", "it does not find 1 of the workers that generation 1 finds: w-1"},
    }));
    World world;
    REQUIRE(world.create("w-1").get() == "OK");
    const auto before = children();
    std::filesystem::path file = world.builds.path() / "missing.so";
    if (name == "text") file = world.builds.write("text.so", "#!/bin/sh\nexit 0\n");
    else if (name == "writable") file = world.build("cloud", "2");
    else if (name != "missing") file = world.build(name, "");
    if (name == "writable") chmod(file.c_str(), 0666);
    const std::string told = world.upgrade(file);
    INFO(told);
    CHECK(told.starts_with("refused: "));
    CHECK(told.find(why) != std::string::npos);
    CHECK(world.serving() == 1);
    CHECK(world.create("w-2").get() == "OK");
    CHECK(world.copies().size() == 1);
    CHECK(children() == before);
}

TEST_CASE("upgrade: --force takes a generation that does not find all workers") {
    World world;
    REQUIRE(world.create("w-1").get() == "OK");
    CHECK(world.upgrade(world.build("blind", ""), true) == "replaced: generation 2 serves");
}

TEST_CASE("upgrade: the very file is no upgrade, unless it is forced") {
    World world;
    const auto same = world.plugins.path() / "cloud.so";
    CHECK(world.upgrade(same) == "unchanged: generation 1 runs that very file already");
    CHECK(world.copies().size() == 1);
    CHECK(world.upgrade(same, true).starts_with("replaced"));
}

TEST_CASE("upgrade: a file that is renamed into place begins one, one that is written in place does not") {
    World world;
    CHECK(world.upgrade(world.plugins.path() / "cloud.so").starts_with("unchanged"));
    std::ofstream(world.plugins.path() / "cloud.so", std::ios::app) << "in place";
    world.rename_into_place(world.build("cloud", "2"));
    world.await_status([](const json::object& status) {
        return status.at("state") == "watching" && status.at("last_upgrade").at("cause") == "the file was replaced";
    });
    // One upgrade before it, which was asked for: the write began none.
    CHECK(world.upgrades->describe("cloud").at("last_upgrade").at("upgrade") == 2);
}

TEST_CASE("upgrade: a child that is started again loads the copy of its own generation") {
    World world;
    CHECK(world.upgrade(world.build("gated", "")).starts_with("replaced"));
    std::ofstream(world.plugins.path() / "cloud.so") << "no plugin any more";
    std::filesystem::remove(world.builds.path() / "gated.so");
    world.upgrades.reset();
    for (const pid_t child : children()) kill(child, SIGKILL);
    await_that("another process", [&] { return world.probe().find("gate in create") != std::string::npos; });
}

TEST_CASE("upgrade: calls in flight end on the generation that took them") {
    World world(Isolation::process, "gated");
    auto created = world.create("w-1");
    const std::uint64_t id = world.begin({0, world.build("cloud", ""), {}, false});
    world.await(id, [](const json::object& record) {
        const json::array& steps = record.at("steps").as_array();
        return !steps.empty() && steps.back().at("phase") == "draining";
    });
    CHECK(world.create("w-2").get() == "OK");
    CHECK(world.serving() == 2);
    CHECK(created.wait_for(milliseconds(0)) == std::future_status::timeout);
    CHECK(world.upgrades->describe("cloud").at("state") == "draining");
    world.builds.write("gate", "");
    CHECK(created.get() == "OK");
    world.await_state("watching");
}

TEST_CASE("upgrade: what does not drain in time is cancelled, and the old generation goes") {
    World world(Isolation::process, "gated");
    world.surroundings.drain_timeout = milliseconds(100);
    auto created = world.create("w-1");
    CHECK(world.upgrade(world.build("cloud", "")) == "replaced: generation 2 serves");
    CHECK(created.get().starts_with("CANCELLED"));
    CHECK(children().size() == 1);
    CHECK(world.copies().size() == 1);
}

TEST_CASE("upgrade: a generation whose calls fail is rolled back") {
    World world;
    CHECK(world.upgrade(world.build("failing", "")).starts_with("replaced"));
    for (const char* key : {"w-1", "w-2", "w-3"}) CHECK(world.create(key).get() == "INTERNAL: a bug of the new one");
    world.await_status(rolled_back);
    CHECK(world.serving() == 1);
    CHECK(world.create("w-1").get() == "OK");
    CHECK(world.upgrades->describe("cloud").at("last_upgrade").at("reason") ==
          "3 of 3 calls failed, the first with: a bug of the new one");
    CHECK(world.copies().size() == 1);
    CHECK(children().size() == 1);
}

TEST_CASE("upgrade: a generation whose process dies is rolled back, also while the old one drains") {
    const bool while_draining = GENERATE(false, true);
    World world(Isolation::process, "gated");
    std::optional<std::future<std::string>> blocked;
    if (while_draining) blocked = world.create("w-0");
    const std::uint64_t id = world.begin({0, world.build("dying", ""), {}, false});
    const std::string phase = while_draining ? "draining" : "watching";
    world.await(id, [&](const json::object& record) {
        const json::array& steps = record.at("steps").as_array();
        return !steps.empty() && steps.back().at("phase").as_string() == std::string_view(phase);
    });
    CHECK(world.create("w-1").get().starts_with("UNAVAILABLE: the plugin's process is lost"));
    world.await_status(rolled_back);
    CHECK(world.serving() == 1);
    world.builds.write("gate", "");
    if (blocked) CHECK(blocked->get() == "OK");
    CHECK(world.create("w-2").get() == "OK");
}

TEST_CASE("upgrade: changed settings begin a generation of the same file, and wrong ones are refused") {
    World world;
    CHECK(settle_with_settings(world, "mode", "new settings") == "replaced: generation 2 serves");
    CHECK(world.probe() == R"(good {"mode":"new settings"})");
    const std::string wrong = settle_with_settings(world, "moed", "typing error");
    CHECK(wrong.starts_with("refused: /backends/cloud/moed: "));
    CHECK(world.serving() == 2);
}

TEST_CASE("upgrade: one after the other, under calls from 8 threads, fails none of them") {
    World world;
    REQUIRE(world.create("w-1").get() == "OK");
    std::atomic<bool> stop{false};
    std::atomic<std::size_t> calls{0};
    std::vector<std::future<std::string>> callers;
    for (int i = 0; i < 8; ++i)
        callers.push_back(std::async(std::launch::async, [&, i] {
            while (!stop) {
                const std::string told = i % 2 == 0 ? world.list().get() : world.create("c-" + std::to_string(i)).get();
                if (told != "OK") return told;
                ++calls;
            }
            return std::string("OK");
        }));
    for (int i = 0; i < 6; ++i) CHECK(world.upgrade(world.build("cloud", std::to_string(i))).starts_with("replaced"));
    stop = true;
    for (auto& caller : callers) CHECK(caller.get() == "OK");
    CHECK(calls > 0);
    CHECK(world.serving() == 7);
}

TEST_CASE("upgrade: its end in the middle leaves one generation that serves") {
    const std::string phase = GENERATE("probing", "draining", "watching");
    World world(Isolation::process, "gated");
    std::optional<std::future<std::string>> blocked;
    if (phase == "draining") blocked = world.create("w-0");
    const std::uint64_t id = world.begin({0, world.build("cloud", ""), {}, false});
    world.await(id, [&](const json::object& record) {
        const json::array& steps = record.at("steps").as_array();
        return !steps.empty() && steps.back().at("phase").as_string() == std::string_view(phase);
    });
    world.upgrades.reset();
    CHECK(world.list().get() == "OK");
    if (blocked) CHECK(blocked->get().starts_with("CANCELLED"));
    CHECK(children().size() == 1);
    CHECK(world.copies().size() == 1);
}

TEST_CASE("upgrade: too many that wait are refused, an unknown backend is an error") {
    World world(Isolation::process, "gated");
    auto blocked = world.create("w-0");
    world.begin({0, world.build("cloud", ""), {}, false});
    world.await_state("draining");
    std::uint64_t last = 0;
    for (int i = 0; i < 17; ++i) last = world.begin({});
    world.await(last, [](const json::object& record) { return record.at("outcome") == "refused"; });
    CHECK(world.upgrades->request("none", "asked for", {}).has_error());
    world.builds.write("gate", "");
    CHECK(blocked.get() == "OK");
}

TEST_CASE("upgrade: in process it works as well, as often as libraries may be taken in") {
    World world(Isolation::in_process);
    REQUIRE(world.create("w-1").get() == "OK");
    CHECK(world.upgrade(world.build("crashing_in_list", "")).find("signal 11") != std::string::npos);
    CHECK(world.serving() == 1);
    for (std::size_t i = 0; i < in_process_upgrades_max; ++i)
        CHECK(world.upgrade(world.build("cloud", std::to_string(i))).starts_with("replaced"));
    const std::string told = world.upgrade(world.build("cloud", "one more"));
    CHECK(told.starts_with("refused: this process has taken in 8 libraries by upgrades"));
    CHECK(world.create("w-2").get() == "OK");
}
