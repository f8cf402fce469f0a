#include <sys/stat.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/intake/context.hpp"
#include "core/state/tools_text.hpp"
#include "world.hpp"

namespace elasticity::cli::test {
namespace {

/// Three generations: a with 1, a with 3, and a with 3 beside b.
void commit_three(const World& world) {
    world.commit(1, "[" + tool("a", 1) + "]");
    world.commit(2, "[" + tool("a", 3) + "]");
    world.commit(3, "[" + tool("a", 3) + "," + tool("b", 1) + "]");
}

DesiredState tools_of(const World& world) {
    const ParsedTools parsed = parse_tools(World::read(world.tools_path()), IntakeContext{}, Author::module);
    REQUIRE(parsed.findings.empty());
    return parsed.state;
}

TEST_CASE("config history: every generation with its size and number of tools") {
    const World world;
    commit_three(world);
    const Outcome outcome = world.run({"config", "history", "--json"});
    REQUIRE(outcome.code == ExitCode::done);
    const auto generations = boost::json::parse(outcome.out).at("generations").as_array();
    REQUIRE(generations.size() == 3);
    CHECK(generations[2].at("generation") == 3);
    CHECK(generations[2].at("tools") == 2);
    CHECK(generations[2].at("size_bytes") == World::read(world.tools_path()).size());
    CHECK(world.run({"config", "history"}).out.find("GENERATION  TIME") == 0);
}

TEST_CASE("config history: a diff tells what one generation changed") {
    const World world;
    commit_three(world);
    CHECK(world.run({"config", "history", "--diff", "1"}).out == "+ a on amqp://127.0.0.1:1/\n");
    CHECK(world.run({"config", "history", "--diff", "2"}).out ==
          "~ a on amqp://127.0.0.1:1/: min_instances 1 -> 3\n");
    CHECK(world.run({"config", "history", "--diff", "3"}).out == "+ b on amqp://127.0.0.1:1/\n");
    const Outcome missing = world.run({"config", "history", "--diff", "9"});
    CHECK(missing.code == ExitCode::failed);
    CHECK(missing.err.find("no generation 9, kept are 3 between 1 and 3") != std::string::npos);
}

TEST_CASE("config history: without the predecessor there is nothing to compare with") {
    const World world;
    world.commit(7, "[" + tool("a", 1) + "]");
    const Outcome outcome = world.run({"config", "history", "--diff", "7"});
    CHECK(outcome.code == ExitCode::failed);
    CHECK(outcome.err.find("no generation before 7 is kept") != std::string::npos);
}

TEST_CASE("config show --tools: tools.json as it is") {
    const World world;
    CHECK(world.run({"config", "show", "--tools"}).code == ExitCode::failed);
    commit_three(world);
    CHECK(world.run({"config", "show", "--tools"}).out == World::read(world.tools_path()));
}

TEST_CASE("config rollback: the old tools become a hand edit of the newest generation") {
    const World world;
    commit_three(world);
    REQUIRE(::chmod(world.tools_path().c_str(), 0640) == 0);
    const Outcome outcome = world.run({"config", "rollback", "1", "--yes"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.out == "- b on amqp://127.0.0.1:1/\n~ a on amqp://127.0.0.1:1/: min_instances 3 -> 1\n");
    const DesiredState wish = tools_of(world);
    CHECK(wish.generation == 3);
    REQUIRE(wish.tools().size() == 1);
    CHECK(wish.tools().front()->entry.fields.at("min_instances") == 1);
    struct stat status {};
    REQUIRE(::stat(world.tools_path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("config rollback: nobody to ask and no --yes changes nothing") {
    const World world;
    commit_three(world);
    CHECK(world.run({"config", "rollback", "1"}).code == ExitCode::usage);
    CHECK(tools_of(world).tools().size() == 2);
}

TEST_CASE("config rollback: a person is asked, and anything but yes changes nothing") {
    const World world;
    commit_three(world);
    for (const char* answer : {"n\n", "\n", ""}) {
        const Outcome outcome = world.run({"config", "rollback", "1"}, answer);
        CHECK(outcome.code == ExitCode::failed);
        CHECK(outcome.err.find("Roll back from generation 3 to 1? [y/N]") == 0);
        CHECK(tools_of(world).tools().size() == 2);
    }
    CHECK(world.run({"config", "rollback", "1"}, "y\n").code == ExitCode::done);
    CHECK(tools_of(world).tools().size() == 1);
}

TEST_CASE("config rollback: to the present generation there is nothing to do") {
    const World world;
    commit_three(world);
    const Outcome outcome = world.run({"config", "rollback", "3", "--yes"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.out.find("nothing to do") == 0);
}

TEST_CASE("config rollback: a lost tools.json is written again, for the directory's owner alone") {
    const World world;
    commit_three(world);
    const std::string before = World::read(world.tools_path());
    std::filesystem::remove(world.tools_path());
    CHECK(world.run({"config", "rollback", "3", "--yes"}).code == ExitCode::done);
    CHECK(World::read(world.tools_path()) == before);
    struct stat status {};
    REQUIRE(::stat(world.tools_path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("config rollback: an edit that is not in force is not replaced silently") {
    const World world;
    commit_three(world);
    World::write(world.tools_path(), "{}");
    const Outcome outcome = world.run({"config", "rollback", "2", "--yes"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.err.find("tools.json holds an edit that is not in force; it is replaced") !=
          std::string::npos);
}

TEST_CASE("config rollback: a generation without tools is refused") {
    const World world;
    world.commit(1, "[]");
    world.commit(2, "[" + tool("a", 1) + "]");
    const Outcome outcome = world.run({"config", "rollback", "1", "--yes"});
    CHECK(outcome.code == ExitCode::failed);
    CHECK(outcome.err.find("generation 1 holds no tool") != std::string::npos);
}

TEST_CASE("config rollback: tools that the settings no longer know are told, and nothing is changed") {
    const World world;
    std::string other = tool("a", 1);
    other.replace(other.find("\"test\""), 6, "\"gone\"");
    world.commit(1, "[" + other + "]");
    world.commit(2, "[" + tool("a", 1) + "]");
    const Outcome outcome = world.run({"config", "rollback", "1", "--yes"});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find("generation 1:") == 0);
    CHECK(tools_of(world).tools().front()->entry.fields.at("kind") == "test");
}

TEST_CASE("status: without a daemon it ends with 3") {
    const World world;
    const Outcome outcome = world.run({"status"});
    CHECK(outcome.code == ExitCode::unreachable);
    CHECK(outcome.err.find("no daemon is listening") != std::string::npos);
}

TEST_CASE("remove: a target that is not in the settings ends with 2 and names the known ones") {
    const World world;
    const Outcome outcome = world.run({"remove", "a", "--target", "dev"});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find("no target 'dev' in the settings; known: prod") != std::string::npos);
}

TEST_CASE("deploy: a message that is too large is not sent") {
    const World world;
    World::write(world.root() / "big.json", std::string(2 << 20, ' '));
    const Outcome outcome = world.run({"deploy", (world.root() / "big.json").string()});
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.err.find("must be at most 1048576 bytes") != std::string::npos);
}

TEST_CASE("deploy: a broker that is not there ends with 3, and a missing password is told without it") {
    const World world;
    World::write(world.root() / "message.json", R"({"tools": []})");
    const Outcome outcome = world.run({"deploy", (world.root() / "message.json").string()});
    CHECK(outcome.code == ExitCode::unreachable);
    CHECK(outcome.err.find("password of target prod") != std::string::npos);
}

}  // namespace
}  // namespace elasticity::cli::test
