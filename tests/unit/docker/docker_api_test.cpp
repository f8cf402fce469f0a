#include "plugins/docker/docker_api.hpp"

#include <atomic>
#include <boost/json/object.hpp>
#include <catch2/catch.hpp>

#include "plugins/docker/base64url.hpp"
#include "tests/unit/docker/call_support.hpp"
#include "tests/unit/docker/scripted_server.hpp"

using namespace elasticity;
using namespace elasticity::docker;
using namespace elasticity::test;
using namespace std::chrono_literals;

TEST_CASE("api: the version is the newest that both sides know, and too old an engine is refused") {
    CHECK(negotiated_version("1.41") == "1.41");
    CHECK(negotiated_version("1.25") == "1.25");
    CHECK(negotiated_version("1.47") == "1.47");
    CHECK(negotiated_version("1.99") == "1.47");
    for (const char* text : {"1.24", "", "x", "1", "1.", "1.4x", "-1.41"}) {
        CHECK(error_of([&] { negotiated_version(text); }).code == ELS_FAILED_PRECONDITION);
    }
}

TEST_CASE("api: the version is asked for once, and again after the engine was away") {
    std::atomic<int> pings{0};
    std::atomic<bool> away{false};
    ScriptedServer server([&](const std::string& request) {
        if (away) return std::string();
        if (request.rfind("GET /_ping ", 0) != 0) return answer(200, "{}");
        return answer(200, "OK", ++pings == 1 ? "Api-Version: 1.41\r\n" : "Api-Version: 1.43\r\n");
    });
    DockerApi api({"http://localhost", server.socket_path(), {}});
    auto call = call_within(5s);
    const sdk::Call borrowed(call.get());
    CHECK(api.version(borrowed).ok());
    CHECK(api.info(borrowed).ok());
    CHECK(pings == 1);
    CHECK(server.request_lines().back() == "GET /v1.41/info");
    away = true;
    CHECK(error_of([&] { api.info(borrowed); }).code == ELS_UNAVAILABLE);
    away = false;
    CHECK(api.info(borrowed).ok());
    CHECK(server.request_lines().back() == "GET /v1.43/info");
}

TEST_CASE("api: names cannot leave their place in the path or the query") {
    ScriptedServer server([](const std::string&) { return answer(200, "", "Api-Version: 1.41\r\n"); });
    DockerApi api({"http://localhost", server.socket_path(), {}});
    auto call = call_within(5s);
    const sdk::Call borrowed(call.get());
    api.create_container(borrowed, "a&b=c d", {});
    CHECK(server.request_lines().back() == "POST /v1.41/containers/create?name=a%26b%3Dc%20d");
    api.inspect_container(borrowed, "../images/x?y");
    CHECK(server.request_lines().back() == "GET /v1.41/containers/..%2Fimages%2Fx%3Fy/json");
}

TEST_CASE("api: base64url as RFC 4648 has it") {
    CHECK(base64url("") == "");
    CHECK(base64url("f") == "Zg==");
    CHECK(base64url("fo") == "Zm8=");
    CHECK(base64url("foobar") == "Zm9vYmFy");
    CHECK(base64url("\xff\xfe\xfd?>") == "__79Pz4=");
}
