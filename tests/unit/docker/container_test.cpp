#include "plugins/docker/container.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/docker/call_support.hpp"

using namespace elasticity;
using namespace elasticity::docker;
namespace json = boost::json;

namespace {

sdk::Spec spec_named(std::string_view name) {
    sdk::Spec spec;
    spec.key = "key-1";
    spec.name = name;
    spec.tool = "prod/ocr";
    spec.hash = 0xfedcba9876543210;
    return spec;
}

json::object config_of(const sdk::Spec& spec, std::string_view params, std::string_view settings = "{}") {
    return container_config({"owner-1", "local"}, spec, parse_worker_spec(params), parse_settings(settings));
}

json::object details_of(std::string_view state) {
    return json::parse(R"({"Id": "abc", "Created": "2026-11-22T10:43:01.518468671Z", "Name": "/ocr-1",
        "Config": {"Labels": {"org.elasticity.owner": "owner-1", "org.elasticity.key": "key-1",
            "org.elasticity.tool": "prod/ocr", "org.elasticity.spec_hash": "fedcba9876543210"}},
        "HostConfig": {"NanoCpus": 1500000000, "Memory": 67108864},
        "NetworkSettings": {"Networks": {"none": {"IPAddress": ""}, "b": {"IPAddress": "198.18.0.2"}}},
        "State": )" + std::string(state) +
                       "}")
        .as_object();
}

}  // namespace

TEST_CASE("container: every state of the engine has its state") {
    CHECK(state_of("created", 0) == ELS_ST_PROVISIONING);
    CHECK(state_of("restarting", 0) == ELS_ST_PROVISIONING);
    CHECK(state_of("running", 0) == ELS_ST_RUNNING);
    CHECK(state_of("paused", 0) == ELS_ST_SUSPENDED);
    CHECK(state_of("removing", 0) == ELS_ST_DELETING);
    CHECK(state_of("exited", 0) == ELS_ST_STOPPED);
    CHECK(state_of("exited", 1) == ELS_ST_FAILED);
    CHECK(state_of("exited", 137) == ELS_ST_FAILED);
    CHECK(state_of("dead", 0) == ELS_ST_FAILED);
    CHECK(state_of("frozen solid", 0) == ELS_ST_UNKNOWN);
}

TEST_CASE("container: labels, limits, environment and log limits stand in the create request") {
    auto spec = spec_named("ocr-1");
    spec.env = {{"RABBITMQ_URI", "amqp://u:p=q@h/v", true}, {"EMPTY", "", false}};
    const auto config = config_of(spec, R"({"image": "ncsa/ocr:1", "command": ["a", "b c"], "cpus": 0.5,
        "memory_bytes": 67108864, "network": "n", "mounts": [
        {"source": "/data", "target": "/d", "read_only": true}, {"source": "cache", "target": "/c"}]})");
    CHECK(
        json::serialize(config) ==
        R"({"Image":"docker.io/ncsa/ocr:1","Env":["RABBITMQ_URI=amqp://u:p=q@h/v","EMPTY="],)"
        R"("Labels":{"org.elasticity.owner":"owner-1","org.elasticity.key":"key-1",)"
        R"("org.elasticity.tool":"prod/ocr",)"
        R"("org.elasticity.spec_hash":"fedcba9876543210","org.elasticity.backend":"local"},"StopTimeout":10,)"
        R"("HostConfig":{"RestartPolicy":{"Name":"no"},)"
        R"("LogConfig":{"Type":"json-file","Config":{"max-size":"10485760","max-file":"3"}},)"
        R"("NetworkMode":"n",)"
        R"("NanoCpus":500000000,"Memory":67108864,"MemorySwap":67108864,)"
        R"("Mounts":[{"Type":"bind","Source":"/data","Target":"/d","ReadOnly":true},)"
        R"({"Type":"volume","Source":"cache","Target":"/c","ReadOnly":false}]},"Cmd":["a","b c"]})");
}

TEST_CASE(
    "container: what a tool leaves out comes from the settings, and what these leave out from the engine") {
    const auto plain = config_of(spec_named("ocr-1"), R"({"image": "a"})");
    CHECK(plain.at("HostConfig").as_object().if_contains("NetworkMode") == nullptr);
    CHECK(plain.if_contains("Cmd") == nullptr);
    const auto set =
        config_of(spec_named("ocr-1"), R"({"image": "a"})",
                  R"({"network": "none", "stop_grace_s": 3, "log_max_bytes": 65536, "log_files_max": 1})");
    CHECK(set.at("HostConfig").at("NetworkMode") == "none");
    CHECK(set.at("HostConfig").at("LogConfig").at("Config").at("max-size") == "65536");
    CHECK(set.at("StopTimeout") == 3);
}

TEST_CASE("container: a variable without a name, or with '=' in it, is refused") {
    auto spec = spec_named("ocr-1");
    spec.env = {{GENERATE("", "A=B"), "x", false}};
    CHECK(test::error_of([&] { config_of(spec, R"({"image": "a"})"); }).code == ELS_INVALID_ARGUMENT);
}

TEST_CASE("container: the engine wants names of two characters, so a shorter one is replaced") {
    CHECK(container_name(spec_named("o1")) == "o1");
    CHECK(container_name(spec_named("o")) == "elasticity-key-1");
    CHECK(container_name(spec_named("")) == "elasticity-key-1");
}

TEST_CASE("container: details become an instance with all that adoption needs") {
    const auto worker = instance_from_details(
        details_of(R"({"Status": "running", "ExitCode": 0, "StartedAt": "2026-11-22T10:43:02.5Z"})"));
    CHECK(worker.id == "abc");
    CHECK(worker.name == "ocr-1");
    CHECK(worker.key == "key-1");
    CHECK(worker.tool == "prod/ocr");
    CHECK(worker.spec_hash == 0xfedcba9876543210);
    CHECK(worker.state == ELS_ST_RUNNING);
    CHECK(worker.address == "198.18.0.2");
    CHECK(worker.vcpus == 2);
    CHECK(worker.memory_bytes == 67108864);
    CHECK(worker.created_unix_ms == 1795344181518);
    CHECK(worker.exit_code == -1);
    CHECK(worker.error.empty());
}

TEST_CASE("container: one that ended says with which code, when and why") {
    const auto crashed = instance_from_details(details_of(
        R"({"Status": "exited", "ExitCode": 3, "Error": "", "FinishedAt": "2026-11-22T10:43:01.781576Z"})"));
    CHECK(crashed.state == ELS_ST_FAILED);
    CHECK(crashed.exit_code == 3);
    CHECK(crashed.error == "exited with code 3");
    CHECK(crashed.state_since_unix_ms == 1795344181781);

    const auto killed =
        instance_from_details(details_of(R"({"Status": "exited", "ExitCode": 137, "OOMKilled": true})"));
    CHECK(killed.error == "killed: out of memory");
    CHECK(killed.error_code == ELS_RESOURCE_EXHAUSTED);

    const auto done = instance_from_details(details_of(R"({"Status": "exited", "ExitCode": 0})"));
    CHECK(done.state == ELS_ST_STOPPED);
    CHECK(done.exit_code == 0);
    CHECK(done.error.empty());

    const auto dead =
        instance_from_details(details_of(R"({"Status": "dead", "ExitCode": 0, "Error": "device is busy"})"));
    CHECK(dead.state == ELS_ST_FAILED);
    CHECK(dead.error == "device is busy");
}

TEST_CASE("container: answers of an unexpected shape are unknown, never a crash") {
    for (const char* text :
         {"{}", R"({"Labels": null, "Names": [], "State": 5, "NetworkSettings": {"Networks": [1]}})",
          R"({"Labels": {"org.elasticity.spec_hash": "zz"}, "Names": [1], "Created": "x"})"}) {
        const auto worker = instance_from_summary(json::parse(text).as_object());
        CHECK(worker.state == ELS_ST_UNKNOWN);
        CHECK(worker.spec_hash == 0);
        CHECK(worker.name.empty());
    }
    CHECK(instance_from_details({}).state == ELS_ST_UNKNOWN);
}

TEST_CASE("container: timestamps down to the millisecond; the engine's zero time and nonsense are unknown") {
    CHECK(unix_ms_of("1970-01-01T00:00:01.5Z") >= 1000);
    CHECK(unix_ms_of("2026-11-22T10:43:01Z") == 1795344181000);
    CHECK(unix_ms_of("2026-11-22T10:43:01.518468671Z") == 1795344181518);
    CHECK(unix_ms_of("0001-01-01T00:00:00Z") == 0);
    CHECK(unix_ms_of("2026-13-41T00:00:00Z") == 0);
    CHECK(unix_ms_of("yesterday") == 0);
    CHECK(unix_ms_of("") == 0);
}
