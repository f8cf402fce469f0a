#include "plugins/docker/failures.hpp"

#include <catch2/catch.hpp>

using namespace elasticity;
using namespace elasticity::docker;

namespace {

Reply reply_of(long status, const std::string& message) {
    return {status, "{\"message\":\"" + message + "\"}"};
}

struct Case {
    std::string message;
    els_code code;
    std::string provider_code;
};

}  // namespace

TEST_CASE("failures: an answer's message is the engine's, or whatever came") {
    CHECK(reply_of(500, "no such thing").message() == "no such thing");
    CHECK(Reply{502, "<html>bad gateway"}.message() == "<html>bad gateway");
    CHECK(Reply{500, ""}.message() == "HTTP status 500");
    CHECK(Reply{500, std::string(5000, 'x')}.message().size() == 300);
    CHECK(Reply{500, "{\"message\": 5}"}.message() == "{\"message\": 5}");
}

TEST_CASE("failures: what a registry refuses is told apart by its words") {
    const auto wanted = GENERATE(values<Case>({
        {"manifest for 127.0.0.1:5000/x:1 not found: manifest unknown: manifest unknown", ELS_NOT_FOUND,
         "image_not_found"},
        {"Head \\\"http://127.0.0.1:5000/v2/x/manifests/1\\\": no basic auth credentials",
         ELS_PERMISSION_DENIED, "image_pull_denied"},
        {"unauthorized: authentication required", ELS_PERMISSION_DENIED, "image_pull_denied"},
        {"pull access denied for x, repository does not exist or may require 'docker login'",
         ELS_PERMISSION_DENIED, "image_pull_denied"},
        {"toomanyrequests: You have reached your pull rate limit", ELS_RESOURCE_EXHAUSTED,
         "registry_rate_limited"},
        {"write /var/lib/docker/tmp/x: no space left on device", ELS_RESOURCE_EXHAUSTED, "no_capacity"},
        {"dial tcp 127.0.0.1:5999: connect: connection refused", ELS_UNAVAILABLE, "registry_unavailable"},
    }));
    const auto error = pull_failure("x:1", wanted.message);
    CHECK(error.code == wanted.code);
    CHECK(error.provider_code == wanted.provider_code);
    CHECK(error.text == "cannot pull x:1: " + wanted.message);
}

TEST_CASE("failures: what waiting can mend says so, what it cannot does not") {
    CHECK(pull_failure("x", "connection refused").flags == ELS_ERR_RETRY_SAME);
    CHECK(pull_failure("x", "manifest unknown").flags == 0);
    CHECK(request_failure("w", reply_of(503, "shutting down")).flags == ELS_ERR_RETRY_SAME);
    CHECK(request_failure("w", reply_of(400, "invalid")).flags == 0);
    CHECK(request_failure("w", reply_of(500, "mkdir: no space left on device")).flags ==
          (ELS_ERR_RETRY_SAME | ELS_ERR_NEXT_BACKEND));
}

TEST_CASE("failures: a refused request is named by the field that is to blame") {
    const auto cpus = request_failure(
        "cannot create w",
        reply_of(400, "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"));
    CHECK(cpus.provider_code == "no_capacity");
    CHECK(cpus.field == "/cpus");
    CHECK(cpus.flags == ELS_ERR_NEXT_BACKEND);
    const auto network = request_failure("cannot start w", reply_of(404, "network nonet not found"));
    CHECK(network.provider_code == "network_not_found");
    CHECK(network.field == "/network");
    const auto command = request_failure(
        "cannot start w",
        reply_of(400, "OCI runtime create failed: unable to start container process: exec: /nope"));
    CHECK(command.provider_code == "command_not_found");
    CHECK(command.text.find("cannot start w: OCI") == 0);
}
