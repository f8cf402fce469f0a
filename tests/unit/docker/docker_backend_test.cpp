#include "plugins/docker/docker_backend.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>

#include "sdk/host/services.hpp"
#include "tests/unit/docker/call_support.hpp"
#include "tests/unit/docker/scripted_server.hpp"

using namespace elasticity;
using namespace elasticity::docker;
using namespace elasticity::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// An engine that answers by the beginning of the request line.
struct World {
    std::vector<std::pair<std::string, std::string>> answers;
    bool vanishes_after_answer = false;
    sdk::HostCall call = call_within(10s);
    ScriptedServer server{[this](const std::string& request) { return reply(request); }};
    sdk::HostServices services{host_options()};
    DockerBackend backend{sdk::Host(services.get()),
                          R"({"endpoint": "unix://)" + server.socket_path() + "\"}"};

    static sdk::HostOptions host_options() {
        sdk::HostOptions options;
        options.owner = "owner-1";
        return options;
    }

    std::string reply(const std::string& request) {
        if (request.find("/_ping ") != std::string::npos) return answer(200, "", "Api-Version: 1.41\r\n");
        if (vanishes_after_answer) std::filesystem::remove(server.socket_path());
        for (const auto& [beginning, text] : answers) {
            if (request.rfind(beginning, 0) == 0) return text;
        }
        return answer(500, "{\"message\":\"not in the script\"}");
    }

    /// What the engine was asked after the ping.
    std::vector<std::string> asked() {
        auto lines = server.request_lines();
        lines.erase(lines.begin());
        return lines;
    }

    sdk::Instance create() {
        sdk::Spec spec;
        spec.key = "k";
        spec.name = "ocr-1";
        spec.params = R"({"image": "busybox"})";
        return backend.create(sdk::Call(call.get()), spec);
    }
};

const std::string created = answer(201, R"({"Id": "abc"})");

}  // namespace

TEST_CASE("backend: a worker costs two requests when the image is there and nothing is in the way") {
    World world;
    world.answers = {{"POST /v1.41/containers/create", created},
                     {"POST /v1.41/containers/abc/start", answer(204, "")}};
    CHECK(world.create().id == "abc");
    CHECK(world.asked() == std::vector<std::string>{"POST /v1.41/containers/create?name=ocr-1",
                                                    "POST /v1.41/containers/abc/start"});
}

TEST_CASE("backend: a container that the engine refuses to start is removed") {
    World world;
    world.answers = {{"POST /v1.41/containers/create", created},
                     {"POST /v1.41/containers/abc/start", answer(500, "{\"message\":\"cannot start\"}")},
                     {"DELETE /v1.41/containers/abc", answer(204, "")}};
    const auto error = error_of([&] { world.create(); });
    CHECK(error.code == ELS_UNAVAILABLE);
    CHECK(error.text == "cannot start ocr-1: cannot start");
    CHECK(world.asked().back() == "DELETE /v1.41/containers/abc?force=1&v=1");
}

TEST_CASE("backend: an answer that is lost leaves the worker maybe done, and nothing is removed") {
    World world;
    const bool create_is_lost = GENERATE(true, false);
    world.answers = {{"POST /v1.41/containers/create", create_is_lost ? "" : created},
                     {"POST /v1.41/containers/abc/start", ""}};
    const auto error = error_of([&] { world.create(); });
    CHECK(error.code == ELS_UNAVAILABLE);
    CHECK(error.flags == (ELS_ERR_RETRY_SAME | ELS_ERR_MAYBE_DONE));
    for (const std::string& request : world.asked()) CHECK(request.find("DELETE") == std::string::npos);
}

TEST_CASE("backend: an engine that is gone before the start leaves the worker maybe done") {
    World world;
    world.answers = {
        {"POST /v1.41/containers/create", answer(201, R"({"Id": "abc"})", "Connection: close\r\n")}};
    world.vanishes_after_answer = true;
    const auto error = error_of([&] { world.create(); });
    CHECK(error.code == ELS_UNAVAILABLE);
    CHECK(error.flags == (ELS_ERR_RETRY_SAME | ELS_ERR_MAYBE_DONE));
    CHECK(world.asked().size() == 1);
}

TEST_CASE("backend: a name in use by a container that is just vanishing is to be tried again") {
    World world;
    world.answers = {
        {"POST /v1.41/containers/create", answer(409, "{\"message\":\"in use\"}")},
        {"GET /v1.41/containers/ocr-1/json", answer(404, "{\"message\":\"No such container\"}")}};
    const auto error = error_of([&] { world.create(); });
    CHECK(error.code == ELS_ABORTED);
    CHECK(error.flags == ELS_ERR_RETRY_SAME);
}

TEST_CASE("backend: a list of 5,000 running workers is one request, and each that ended is one more") {
    World world;
    json::array containers;
    for (int i = 0; i < 5000; ++i) {
        containers.push_back({{"Id", "id-" + std::to_string(i)}, {"State", i == 7 ? "exited" : "running"}});
    }
    const std::string ended = R"({"Id": "id-7", "State": {"Status": "exited", "ExitCode": 4},
                                  "Config": {"Labels": {"org.elasticity.owner": "owner-1"}}})";
    world.answers = {{"GET /v1.41/containers/json", answer(200, json::serialize(containers))},
                     {"GET /v1.41/containers/id-7/json", answer(200, ended)}};
    int listed = 0, failed = 0;
    world.backend.list(sdk::Call(world.call.get()), "", [&](const sdk::Instance& worker) {
        ++listed;
        failed += worker.exit_code == 4;
    });
    CHECK(listed == 5000);
    CHECK(failed == 1);
    CHECK(world.asked().size() == 2);
}

TEST_CASE("backend: a list that cannot be read whole is an error, never a short list") {
    World world;
    const std::string body = GENERATE("", "{}", "[{\"Id\": \"a\"}", "null");
    world.answers = {{"GET /v1.41/containers/json", answer(200, body)}};
    const auto list = [&] {
        world.backend.list(sdk::Call(world.call.get()), "", [](const sdk::Instance&) {});
    };
    CHECK(error_of(list).code == ELS_UNAVAILABLE);
}

TEST_CASE("backend: an engine's error while looking is not 'not found'") {
    World world;
    world.answers = {{"GET /v1.41/containers/abc/json", answer(500, "{}")}};
    CHECK(error_of([&] {
              world.backend.inspect(sdk::Call(world.call.get()), {"", "abc"});
          }).code == ELS_UNAVAILABLE);
}

TEST_CASE("backend: what is wrong with a config is found before anything is opened") {
    std::string path;
    DockerBackend::check_config(R"({"endpoint": "ssh://x"})",
                                [&](const sdk::Finding& finding) { path = finding.path; });
    CHECK(path == "/endpoint");
}
