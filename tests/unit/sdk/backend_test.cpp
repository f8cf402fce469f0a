#include "sdk/host/backend.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/sdk/support.hpp"

using namespace elasticity::sdk;
using namespace elasticity::sdk::test;

namespace {

std::shared_ptr<Backend> misbehaving(const std::string& mode, HostOptions options = {}) {
    return open_backend(fixture("misbehaving"), mode, std::move(options));
}

}  // namespace

TEST_CASE("backend: what a plugin throws arrives as an error, whatever it is") {
    const HostResult<HostInstance> created =
        misbehaving("throw an int")->create(*new_call(), spec_of("w-1"));
    REQUIRE(created.has_error());
    CHECK(created.error().code == ELS_INTERNAL);
    CHECK(created.error().message == "the plugin threw something that is no std::exception");

    const auto library = Library::load(fixture("misbehaving")).value();
    const auto opened = Backend::open(library, *library->plugins().front(), "throw in open", {});
    REQUIRE(opened.has_error());
    CHECK(opened.error().message == "thrown in open");
}

TEST_CASE("backend: a plugin's error arrives whole") {
    const HostResult<HostInstance> created = misbehaving("refuse")->create(*new_call(), spec_of("w-1"));
    REQUIRE(created.has_error());
    CHECK(created.error() ==
          HostError{ELS_RESOURCE_EXHAUSTED, ELS_ERR_NEXT_BACKEND, 1500, "409", "/image", "no quota"});
}

TEST_CASE("backend: broken text, an unknown state and an impossible load are made harmless") {
    HostSpec spec = spec_of("w-1");
    spec.env = {{"MODE", "fast", false}, {"PASSWORD", "hunter2", true}};
    const HostResult<HostInstance> created = misbehaving("")->create(*new_call(), spec);
    REQUIRE(created.has_value());
    CHECK(created->name == "broken \xEF\xBF\xBD( text");
    CHECK(created->state == HostState::unknown);
    CHECK(created->load1 == std::nullopt);
    CHECK(created->load5 == std::nullopt);
    CHECK(created->exit_code == std::nullopt);
    CHECK(created->vcpus == std::nullopt);
    CHECK(created->detail == "MODE=shown PASSWORD=*** ");
}

TEST_CASE("backend: a text without end is an error of the list, not a part of it") {
    const auto listed = misbehaving("emit too long a text")->list(*new_call());
    REQUIRE(listed.has_error());
    CHECK(listed.error().message == "the plugin emitted an instance with a null text or one over 64 KiB");
}

TEST_CASE("backend: a list whose pages stand still ends as an error") {
    const auto listed = misbehaving("the same page for ever")->list(*new_call());
    REQUIRE(listed.has_error());
    CHECK(listed.error().message == "the plugin's list gives the same page again and again");
}

TEST_CASE("backend: logs and secrets reach the core's functions") {
    std::vector<HostLogLine> lines;
    std::string asked;
    HostOptions options;
    options.log = [&](const HostLogLine& line) { lines.push_back(line); };
    options.secret = [&](std::string_view reference) -> HostResult<std::string> {
        asked = reference;
        return std::string("s3cret");
    };
    const auto backend = misbehaving("", options);
    REQUIRE(backend->activate(*new_call()).has_value());
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].message == "active");
    CHECK(lines[0].fields.front().first == "mode");
    CHECK(backend->probe(*new_call()).value() == "s3cret");
    CHECK(asked == R"({"file":"password"})");
}

TEST_CASE("backend: a secret that cannot be had fails the call that wants it") {
    HostOptions options;
    options.secret = [](std::string_view) -> HostResult<std::string> {
        return host_error(ELS_NOT_FOUND, "no such secret");
    };
    CHECK(misbehaving("", options)->probe(*new_call()).error().message == "no such secret");
    CHECK(misbehaving("")->probe(*new_call()).error().message == "this core resolves no secrets");
}

TEST_CASE("backend: check_config finds what a schema cannot say") {
    const auto library = Library::load(fixture("misbehaving")).value();
    CHECK(check_config(*library->plugins().front(), "good").value() == "");
    CHECK(check_config(*library->plugins().front(), "bad").value() ==
          "{\"severity\":\"error\",\"path\":\"/mode\",\"message\":\"\\\"bad\\\" is no mode\"}\n");
}

TEST_CASE("backend: a call that is cancelled or too late does not enter the plugin's create") {
    const auto backend = open_noop();
    const auto cancelled = new_call();
    cancelled->cancel();
    CHECK(code_of(backend->create(*cancelled, spec_of("w-1"))) == "CANCELLED");
    HostCall late("request-1", 1, HostCall::Clock::now());
    CHECK(code_of(backend->create(late, spec_of("w-1"))) == "DEADLINE_EXCEEDED");
    CHECK(backend->list(*new_call())->empty());
}

TEST_CASE("describe: the JSON is snake_case and holds both schemas") {
    const auto library = Library::load(NOOP_PLUGIN).value();
    const boost::json::value json = boost::json::parse(describe(*library->plugins().front()).value());
    CHECK(json.at("id") == "org.elasticity.noop");
    CHECK(json.at("max_concurrency") == 16);
    CHECK(json.at("interfaces") == boost::json::array{"elasticity.provisioner/1"});
    CHECK(json.at("config_schema").at("properties").as_object().contains("boot_delay_ms"));
    CHECK(json.at("spec_schema").at("additionalProperties") == false);
}
