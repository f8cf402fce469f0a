#include <dlfcn.h>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/sdk/support.hpp"

using namespace elasticity::sdk;
using namespace elasticity::sdk::test;

namespace {

/// Built against the frozen headers of 1.0, one in C and one in C++; the third against a later minor.
std::shared_ptr<Backend> opened_plugin() {
    return open_backend(fixture(GENERATE(as<std::string>(), "in_c", "in_cpp", "in_later_c")), "{}");
}

std::set<std::string> listed_keys(Backend& backend) {
    std::set<std::string> keys;
    for (const HostInstance& instance : backend.list(*new_call()).value()) keys.insert(instance.key);
    return keys;
}

/// A core of another range of majors. Returns the plugin's reason, or "" where it agreed.
std::string reason_for(const std::string& name, std::uint32_t major_min, std::uint32_t major_max) {
    void* const library = dlopen(fixture(name).c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    const auto negotiate =
        reinterpret_cast<els_negotiate_fn>(dlsym(library, "elasticity_plugin_negotiate"));
    els_negotiation negotiation{};
    negotiation.size = sizeof negotiation;
    negotiation.host_major_min = major_min;
    negotiation.host_major_max = major_max;
    const bool agreed = negotiate(&negotiation) != nullptr;
    CHECK(agreed == (negotiation.selected_major == 1));
    CHECK(negotiation.built_major == 1);
    return agreed ? "" : negotiation.reason;
}

}  // namespace

TEST_CASE("other minors: a plugin loads, agrees on major 1 and describes itself") {
    const auto backend = opened_plugin();
    CAPTURE(backend->plugin().id);
    const boost::json::value json = boost::json::parse(describe(backend->plugin()).value());
    CHECK(json.at("id") == backend->plugin().id);
    CHECK(json.at("interfaces") == boost::json::array{"elasticity.provisioner/1"});
    CHECK(backend->activate(*new_call()).has_value());
    CHECK(backend->probe(*new_call()).value() == "{}");
    CHECK(backend->validate(*new_call(), spec_of("w-1")).value() == "");
    CHECK(backend->quiesce(*new_call()).has_value());
}

TEST_CASE("other minors: create is repeatable by key and hash") {
    const auto backend = opened_plugin();
    CAPTURE(backend->plugin().id);
    const HostInstance first = backend->create(*new_call(), spec_of("w-1", 1)).value();
    CHECK(backend->create(*new_call(), spec_of("w-1", 1)).value() == first);
    CHECK(code_of(backend->create(*new_call(), spec_of("w-1", 2))) == "ALREADY_EXISTS");
    CHECK(first.tool == "tool of w-1");
    CHECK(first.spec_hash == 1);
    CHECK(first.state == HostState::running);
    CHECK(first.exit_code == std::nullopt);
}

TEST_CASE("other minors: what was created is inspected, listed over its pages, and destroyed") {
    const auto backend = opened_plugin();
    CAPTURE(backend->plugin().id);
    for (const char* key : {"w-1", "w-2", "w-3", "w-4", "w-5"})
        REQUIRE(backend->create(*new_call(), spec_of(key)).has_value());
    const HostInstance seen = backend->inspect(*new_call(), {"w-3", ""}).value();
    CHECK(seen.name == "name-w-3");
    CHECK(backend->inspect(*new_call(), {"", seen.id}).value() == seen);
    CHECK(listed_keys(*backend) == std::set<std::string>{"w-1", "w-2", "w-3", "w-4", "w-5"});

    for (int repeat = 0; repeat < 2; ++repeat)
        CHECK(backend->destroy(*new_call(), {"w-3", ""}, std::chrono::seconds(0)).has_value());
    CHECK(code_of(backend->inspect(*new_call(), {"w-3", ""})) == "NOT_FOUND");
    CHECK(listed_keys(*backend) == std::set<std::string>{"w-1", "w-2", "w-4", "w-5"});
}

TEST_CASE("other minors: what a plugin does not offer is UNIMPLEMENTED, not a crash") {
    const auto backend = opened_plugin();
    CAPTURE(backend->plugin().id);
    const HostRef worker{"w-1", ""};
    CHECK(code_of(backend->suspend(*new_call(), worker)) == "UNIMPLEMENTED");
    CHECK(code_of(backend->begin_drain(*new_call(), worker, "")) == "UNIMPLEMENTED");
    CHECK(code_of(backend->list_services(*new_call(), {})) == "UNIMPLEMENTED");
    CHECK(code_of(backend->sample(*new_call(), {})) == "UNIMPLEMENTED");
    CHECK(code_of(backend->watch(*new_call(), "", [](HostEvent) {})) == "UNIMPLEMENTED");
}

TEST_CASE("other minors: a core that still speaks major 1 is agreed with, another is told why not") {
    for (const char* name : {"in_c", "in_cpp", "in_later_c"}) {
        INFO(name);
        CHECK(reason_for(name, 1, 1) == "");
        CHECK(reason_for(name, 1, 9) == "");
        CHECK(reason_for(name, 2, 9).find("built for plugin ABI 1") == 0);
    }
}
