#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/sdk/support.hpp"

using namespace elasticity::sdk;
using namespace elasticity::sdk::test;

TEST_CASE("noop: create: the same key and hash twice is one worker") {
    const auto backend = open_noop();
    const HostInstance first = backend->create(*new_call(), spec_of("w-1")).value();
    CHECK(backend->create(*new_call(), spec_of("w-1")).value() == first);
    CHECK(backend->list(*new_call()).value() == std::vector<HostInstance>{first});
}

TEST_CASE("noop: create: the same key with another hash is refused, and changes nothing") {
    const auto backend = open_noop();
    const HostInstance first = backend->create(*new_call(), spec_of("w-1", 1)).value();
    CHECK(code_of(backend->create(*new_call(), spec_of("w-1", 2))) == "ALREADY_EXISTS");
    CHECK(backend->list(*new_call()).value() == std::vector<HostInstance>{first});
}

TEST_CASE("noop: what was stored at creation is given back") {
    const auto backend = open_noop();
    backend->create(*new_call(), spec_of("w-1", 42)).value();
    const HostInstance seen = backend->inspect(*new_call(), {"w-1", ""}).value();
    CHECK(seen.key == "w-1");
    CHECK(seen.name == "name-w-1");
    CHECK(seen.tool == "tool of w-1");
    CHECK(seen.spec_hash == 42);
    CHECK(seen.state == HostState::running);
    CHECK(backend->inspect(*new_call(), {"", seen.id}).value().key == "w-1");
    CHECK(code_of(backend->inspect(*new_call(), {"w-1", "another id"})) == "NOT_FOUND");
}

TEST_CASE("noop: a worker is provisioning until its boot delay is over") {
    const auto backend = open_noop(R"({"boot_delay_ms": 3600000})");
    CHECK(backend->create(*new_call(), spec_of("w-1")).value().state == HostState::provisioning);
}

TEST_CASE("noop: destroy: an unknown worker is success, a destroyed one is gone") {
    const auto backend = open_noop();
    backend->create(*new_call(), spec_of("w-1")).value();
    for (int repeat = 0; repeat < 3; ++repeat)
        CHECK(backend->destroy(*new_call(), {"w-1", ""}, std::chrono::seconds(0)).has_value());
    CHECK(code_of(backend->inspect(*new_call(), {"w-1", ""})) == "NOT_FOUND");
    CHECK(backend->list(*new_call())->empty());
}

TEST_CASE("noop: a list over many pages is complete and without repeats") {
    const auto backend = open_noop(R"({"page_size": 3})");
    std::set<std::string> created, listed;
    for (int i = 0; i < 10; ++i)
        created.insert(backend->create(*new_call(), spec_of("w-" + std::to_string(i))).value().key);
    const std::vector<HostInstance> all = backend->list(*new_call()).value();
    for (const HostInstance& instance : all) listed.insert(instance.key);
    CHECK(all.size() == 10);
    CHECK(listed == created);
}

TEST_CASE("noop: beyond its quota it says: another backend may have room") {
    const auto backend = open_noop(R"({"max_instances": 1})");
    backend->create(*new_call(), spec_of("w-1")).value();
    const HostResult<HostInstance> second = backend->create(*new_call(), spec_of("w-2"));
    REQUIRE(second.has_error());
    CHECK(second.error().code == ELS_RESOURCE_EXHAUSTED);
    CHECK(second.error().next_backend());
}

TEST_CASE("noop: every n-th creation fails, and only that one") {
    const auto backend = open_noop(R"({"fail_every": 2})");
    CHECK(code_of(backend->create(*new_call(), spec_of("w-1"))) == "OK");
    CHECK(code_of(backend->create(*new_call(), spec_of("w-2"))) == "UNAVAILABLE");
    CHECK(code_of(backend->create(*new_call(), spec_of("w-2"))) == "OK");
}
