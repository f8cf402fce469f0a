#include "sdk/host/library.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/unit/sdk/support.hpp"

using namespace elasticity::sdk;
using elasticity::sdk::test::fixture;

namespace {

std::string refusal_of(const std::string& file) {
    const HostResult<std::shared_ptr<const Library>> library = Library::load(file);
    return library.has_value() ? "loaded" : library.error().message;
}

}  // namespace

TEST_CASE("library: a sound plugin loads, and is found by its id") {
    const HostResult<std::shared_ptr<const Library>> library = Library::load(NOOP_PLUGIN);
    REQUIRE(library.has_value());
    CHECK((*library)->plugins().size() == 1);
    CHECK((*library)->find("org.elasticity.noop") != nullptr);
    CHECK((*library)->find("org.elasticity.other") == nullptr);
    CHECK((*library)->toolchain() != "");
}

TEST_CASE("library: each refusal names the file, what is wrong and what was wanted") {
    CHECK(refusal_of(fixture("wrong_major")) ==
          fixture("wrong_major") + ": built for plugin ABI 7, this daemon speaks 1");
    CHECK(refusal_of(fixture("no_symbol")) ==
          fixture("no_symbol") + ": no Elasticity plugin: it lacks elasticity_plugin_negotiate");
    CHECK(refusal_of(fixture("null_array")) ==
          fixture("null_array") + ": refused by the plugin without a reason, this daemon speaks 1");
    CHECK(refusal_of(fixture("empty_array")) == fixture("empty_array") + ": it offers no plugin");
    CHECK(refusal_of(fixture("short_struct")) ==
          fixture("short_struct") + ": plugin 1 of it lacks an id or a required function");
}

TEST_CASE("library: a missing file and one that is not ELF are refused in the linker's words") {
    const std::string missing = fixture("missing");
    CHECK(refusal_of(missing) == missing + ": cannot open shared object file: No such file or directory");

    const std::string text = fixture("text");
    std::ofstream(text) << "short\n";
    CHECK(refusal_of(text) == text + ": file too short");
    std::ofstream(text) << std::string(1000, 'x');
    CHECK(refusal_of(text) == text + ": invalid ELF header");
}

TEST_CASE("library: an unloaded plugin would take its code along, so none is ever unloaded") {
    const els_plugin* plugin = Library::load(NOOP_PLUGIN).value()->plugins().front();
    CHECK(std::string(plugin->id) == "org.elasticity.noop");  // The Library object is gone, the code is not.
}
