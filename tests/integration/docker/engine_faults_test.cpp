#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/integration/docker/engine_world.hpp"

using namespace elasticity;
using namespace elasticity::test;
namespace json = boost::json;

namespace {

const std::string forever = "while :; do sleep 1000; done";

/// An engine of this test alone, which it may kill.
class OwnEngine {
public:
    OwnEngine() {
        char pattern[] = "/tmp/elasticity-own-engine.XXXXXX";
        REQUIRE(mkdtemp(pattern));
        directory_ = pattern;
        script("start");
    }
    ~OwnEngine() {
        std::system((support_script("dockerd.sh") + " stop " + directory_ + " >/dev/null").c_str());
        std::filesystem::remove_all(directory_);
    }
    void script(const std::string& command) {
        run(support_script("dockerd.sh") + " " + command + " " + directory_ + " >/dev/null");
    }
    std::string socket() const { return directory_ + "/docker.sock"; }

private:
    std::string directory_;
};

json::object tls_config(const std::map<std::string, std::string>& engine) {
    return {{"endpoint", "tcp://127.0.0.1:" + engine.at("DOCKER_TLS_PORT")},
            {"tls",
             {{"ca_file", engine.at("CA_FILE")},
              {"cert_file", engine.at("CLIENT_CERTIFICATE_FILE")},
              {"key_file", engine.at("CLIENT_KEY_FILE")}}}};
}

}  // namespace

TEST_CASE("engine: an endpoint that is not there is unavailable, to be tried again, and nothing was done",
          "[faults]") {
    auto world = shared_world({{"endpoint", "unix:///nonexistent/docker.sock"}});
    const auto outcome = world.create(spec_of("w1", shell_params(forever)));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_UNAVAILABLE);
    CHECK(outcome.error().flags == ELS_ERR_RETRY_SAME);
    CHECK(outcome.error().message.find("/nonexistent/docker.sock") == 0);
    CHECK(world.list().error().code == ELS_UNAVAILABLE);
}

TEST_CASE("engine: killed and started again, it serves the same backend, and the workers are still there",
          "[faults]") {
    OwnEngine engine;
    run(support_script("image.sh") + " make-busybox " + engine.socket() + " " + std::string(busybox) +
        " >/dev/null");
    EngineWorld world(engine.socket());
    const auto spec = spec_of("w1", shell_params(forever));
    const auto worker = world.create(spec);
    INFO((worker ? "" : worker.error().message));
    REQUIRE(worker);
    engine.script("kill");
    CHECK(world.list().error().code == ELS_UNAVAILABLE);
    CHECK(world.create(spec).error().code == ELS_UNAVAILABLE);
    engine.script("start");
    const auto listed = world.list();
    INFO((listed ? "" : listed.error().message));
    REQUIRE(listed);
    REQUIRE(listed->size() == 1);
    CHECK(listed->at(0).id == worker->id);
    CHECK(listed->at(0).state == sdk::HostState::running);
    CHECK(world.create(spec)->id == worker->id);
}

TEST_CASE("engine: over TCP with the right client certificate all works", "[faults]") {
    auto world = shared_world(tls_config(testbed("dockerd")));
    REQUIRE(world.create(spec_of("w1", shell_params(forever))));
    CHECK(world.list()->size() == 1);
    CHECK(world.destroy("w1", 0ms));
}

TEST_CASE("engine: without a client certificate it refuses us, and trying again would not help", "[faults]") {
    auto config = tls_config(testbed("dockerd"));
    config["tls"] = {{"ca_file", testbed("dockerd").at("CA_FILE")}};
    auto world = shared_world(config);
    const auto outcome = world.create(spec_of("w1", shell_params(forever)));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_UNAUTHENTICATED);
    CHECK(!outcome.error().may_retry());
}

TEST_CASE("engine: a server certificate of another authority is refused, unless verify is false",
          "[faults]") {
    char pattern[] = "/tmp/elasticity-other-ca.XXXXXX";
    REQUIRE(mkdtemp(pattern));
    const std::string other_ca = std::string(pattern) + "/ca.pem";
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=other "
        "-keyout " +
        std::string(pattern) + "/key.pem -out " + other_ca + " 2>/dev/null");
    auto config = tls_config(testbed("dockerd"));
    config["tls"].as_object()["ca_file"] = other_ca;
    {
        auto world = shared_world(config);
        const auto outcome = world.list();
        REQUIRE(!outcome);
        CHECK(outcome.error().code == ELS_UNAUTHENTICATED);
        CHECK(!outcome.error().may_retry());
    }
    config["tls"].as_object()["verify"] = false;
    CHECK(shared_world(config).list());
    std::filesystem::remove_all(pattern);
}

TEST_CASE("engine: a server certificate for another host name is refused", "[faults]") {
    auto config = tls_config(testbed("dockerd"));
    // The certificate is for 127.0.0.1 and localhost; libcurl resolves every name under .localhost to
    // loopback.
    config["endpoint"] = "https://other.localhost:" + testbed("dockerd").at("DOCKER_TLS_PORT");
    auto world = shared_world(config);
    const auto outcome = world.list();
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_UNAUTHENTICATED);
}
