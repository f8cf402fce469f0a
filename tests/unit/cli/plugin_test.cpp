#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/cli/own_program.hpp"
#include "core/cli/plugin_files.hpp"
#include "world.hpp"

namespace elasticity::cli::test {
namespace {
namespace fs = std::filesystem;
namespace json = boost::json;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const fs::path fixtures = CLI_FIXTURE_DIR;

/// A world whose plugin folder holds copies of `files` alone.
class PluginWorld : public World {
public:
    explicit PluginWorld(const std::vector<fs::path>& files) {
        fs::create_directory(folder());
        for (const fs::path& file : files) fs::copy_file(file, folder() / file.filename());
        std::string text = settings();
        const std::string usual = TEST_PLUGIN_DIR;
        text.replace(text.find(usual), usual.size(), folder().string());
        write_settings(text);
    }

    fs::path folder() const { return root() / "plugins"; }
};

const fs::path noop = fs::path(TEST_PLUGIN_DIR) / "noop.so";

TEST_CASE("plugin list: says what each plugin is, and who uses it") {
    const PluginWorld world({noop});
    const Outcome outcome = world.run({"plugin", "list"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.err.empty());
    CHECK(outcome.out.starts_with("in " + world.folder().string() + "\n\nPLUGIN  VERSION  ID "));
    CHECK(holds(outcome.out, "\nnoop    1.0.0    org.elasticity.noop  Workers in memory  test   memory    "
                             "elasticity.provisioner/1"));
}

TEST_CASE("plugin list: a plugin that crashes is one sentence, and the others are listed") {
    const PluginWorld world({noop, fixtures / "crashes.so"});
    const Outcome outcome = world.run({"plugin", "list"});
    CHECK(outcome.code == ExitCode::failed);
    CHECK(outcome.err ==
          (world.folder() / "crashes.so").string() + ": the plugin's process is lost: it was killed by signal 6 (Aborted)\n");
    CHECK(holds(outcome.out, "org.elasticity.noop"));
    CHECK_FALSE(holds(outcome.out, "rubbish"));
}

TEST_CASE("plugin list: a file that is no plugin, and a backend's plugin that is missing, are told") {
    const PluginWorld world({});
    World::write(world.folder() / "text.so", "no library");
    const Outcome outcome = world.run({"plugin", "list", "--json"});
    CHECK(outcome.code == ExitCode::failed);
    const json::array plugins = json::parse(outcome.out).at("plugins").as_array();
    REQUIRE(plugins.size() == 2);
    CHECK(plugins[0].at("name") == "noop");
    CHECK(holds(json::serialize(plugins[0].at("error")), "No such file"));
    CHECK(plugins[0].at("backends") == json::array{"memory"});
    CHECK(holds(json::serialize(plugins[1].at("error")), "file too short"));
}

TEST_CASE("plugin list: without a settings file it lists the folder beside the program") {
    const World world;
    fs::remove(world.settings_path());
    const Outcome outcome = world.run({"plugin", "list", "--json"});
    CHECK(json::parse(outcome.out).at("folder") ==
          json::string((own_prefix() / "lib/elasticity/plugins/1").string()));
}

TEST_CASE("plugin inspection: a plugin that ends the process, or never returns, is one sentence") {
    using namespace std::chrono_literals;
    const auto ended = inspect_plugin(fixtures / "exits.so");
    REQUIRE(ended.has_error());
    CHECK(ended.error().message ==
          (fixtures / "exits.so").string() + ": the plugin's process is lost: it ended with exit code 3");
    const auto hung = inspect_plugin(fixtures / "hangs.so", 500ms);
    REQUIRE(hung.has_error());
    CHECK(hung.error().message == (fixtures / "hangs.so").string() + ": it did not answer within 500 ms");
}

TEST_CASE("plugin inspection: what a plugin prints does not get into the answer") {
    const auto chatter = inspect_plugin(fixtures / "chatters.so");
    REQUIRE(chatter.has_error());
    CHECK(chatter.error().message == (fixtures / "chatters.so").string() +
                                         ": no Elasticity plugin: it lacks elasticity_plugin_negotiate");
}

TEST_CASE("plugin describe: shows the fields of backends and tools as tables") {
    const World world;
    const Outcome outcome = world.run({"plugin", "describe", "noop"});
    CHECK(outcome.code == ExitCode::done);
    CHECK(outcome.out.starts_with("Workers in memory\norg.elasticity.noop 1.0.0: elasticity.provisioner/1"));
    CHECK(holds(outcome.out, "\nSettings of a backend\nFIELD          TYPE            DEFAULT  MEANING\n"
                             "boot_delay_ms  integer from 0  0        A worker is provisioning for this long.\n"));
    CHECK(holds(outcome.out, "\nFields of a tool\n"));
}

TEST_CASE("plugin describe: takes a file as well, and prints Markdown or JSON") {
    const World world;
    const std::string markdown = world.run({"plugin", "describe", noop.string(), "--markdown"}).out;
    CHECK(holds(markdown, "### Workers in memory\n"));
    CHECK(holds(markdown, "| FIELD | TYPE | DEFAULT | MEANING |\n|---|---|---|---|\n"));
    CHECK(holds(markdown, "| command | array of string | | Not used. |\n"));
    const json::value parsed = json::parse(world.run({"plugin", "describe", noop.string(), "--json"}).out);
    CHECK(parsed.at("plugins").at(0).at("max_concurrency") == 16);
}

TEST_CASE("plugin describe: a plugin that is not there ends with 1 and its file's name") {
    const Outcome outcome = World().run({"plugin", "describe", "nimbus"});
    CHECK(outcome.code == ExitCode::failed);
    CHECK(holds(outcome.err, TEST_PLUGIN_DIR "/nimbus.so: "));
}

TEST_CASE("plugin new: writes the template with the name in every place of its own") {
    for (const char* language : {"c++", "c"}) {
        CAPTURE(language);
        const World world;
        const fs::path folder = world.root() / "made";
        const Outcome outcome =
            world.run({"plugin", "new", "blue-sky2", "--directory", folder.string(), "--language", language});
        CHECK(outcome.code == ExitCode::done);
        const std::string made = folder.string();
        CHECK(holds(outcome.out, "cmake -S " + made + " -B " + made + "/build"));
        CHECK(holds(World::read(folder / "CMakeLists.txt"), "elasticity_add_plugin(blue-sky2 "));
        for (const auto& file : fs::directory_iterator(folder)) {
            CAPTURE(file.path());
            const std::string text = World::read(file.path());
            CHECK_FALSE(holds(text, "my-cloud"));
            CHECK_FALSE(holds(text, "MyCloud"));
        }
        CHECK(fs::exists(folder / "README.md"));
    }
}

TEST_CASE("plugin new: programs of the template stay programs") {
    const World world;
    const fs::path folder = world.root() / "made";
    CHECK(world.run({"plugin", "new", "sky", "--directory", folder.string()}).code == ExitCode::done);
    CHECK(holds(World::read(folder / "plugin.cpp"), "ELASTICITY_PLUGIN(Sky)"));
    CHECK((fs::status(folder / "little-cloud").permissions() & fs::perms::owner_exec) != fs::perms::none);
}

TEST_CASE("plugin new: a name that cannot be a plugin's is refused, and nothing is written") {
    const World world;
    for (const char* name : {"", "Sky", "1sky", "sky-", "a_b", "../sky", "a/b", "sky.so", "a b"}) {
        CAPTURE(name);
        const std::string folder = (world.root() / "made").string();
        const Outcome outcome = world.run({"plugin", "new", name, "--directory", folder});
        CHECK(outcome.code == ExitCode::usage);
        CHECK(holds(outcome.err, "a plugin's name must be 1 to 40 lower-case letters"));
        CHECK_FALSE(fs::exists(folder));
    }
}

TEST_CASE("plugin new: a folder that holds something is left as it is") {
    const World world;
    const fs::path folder = world.root() / "made";
    fs::create_directory(folder);
    World::write(folder / "mine", "work of a day");
    const Outcome outcome = world.run({"plugin", "new", "sky", "--directory", folder.string()});
    CHECK(outcome.code == ExitCode::failed);
    CHECK(holds(outcome.err, folder.string() + ": is there already, and not empty"));
    CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
}

}  // namespace
}  // namespace elasticity::cli::test
