#include "plugins/process/settings.hpp"

#include <sys/resource.h>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace elasticity::process;

namespace {

ResourceLimit limit_of(const Settings& settings, int resource) {
    for (const ResourceLimit& limit : settings.limits)
        if (limit.resource == resource) return limit;
    return {-1, 0, 0};
}

}  // namespace

TEST_CASE("settings: the defaults lie in the backend's state folder") {
    const Settings settings = parse_settings("{}", "/var/lib/x");
    CHECK(settings.run_dir == "/var/lib/x/run");
    CHECK(settings.log_dir == "/var/lib/x/log");
    CHECK(settings.log_max_bytes == 10485760);
    CHECK(settings.log_files_max == 5);
    CHECK(settings.stop_grace.count() == 10);
    CHECK(settings.shim.ends_with("/libexec/elasticity/elasticity-process-shim"));
    CHECK(limit_of(settings, RLIMIT_NOFILE).soft == 1024);
    CHECK(limit_of(settings, RLIMIT_CORE).soft == 0);
}

TEST_CASE("settings: without a state folder both folders must be said") {
    CHECK_THROWS_AS(parse_settings("{}", ""), elasticity::sdk::Error);
    CHECK_NOTHROW(parse_settings(R"({"run_dir": "/a", "log_dir": "/b"})", ""));
}

TEST_CASE("settings: an open files limit above the usual hard one raises it") {
    const Settings settings = parse_settings(R"({"limits": {"open_files": 1000000}})", "/x");
    CHECK(limit_of(settings, RLIMIT_NOFILE).soft == 1000000);
    CHECK(limit_of(settings, RLIMIT_NOFILE).hard == 1000000);
}

TEST_CASE("settings: the schemas are JSON, and use no pattern") {
    for (const std::string_view schema : {settings_schema, command_schema}) {
        CHECK(boost::json::parse({schema.data(), schema.size()}).is_object());
        CHECK(schema.find("\"pattern\"") == std::string_view::npos);
    }
}

TEST_CASE("settings: an empty program name is refused") {
    CHECK_THROWS_AS(parse_command(R"({"command": [""]})"), elasticity::sdk::Error);
    CHECK(parse_command(R"({"command": ["a", ""]})").arguments.size() == 2);
}
