#include "plugins/docker/image_puller.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <thread>

#include "sdk/host/services.hpp"
#include "tests/unit/docker/call_support.hpp"
#include "tests/unit/docker/scripted_server.hpp"

using namespace elasticity;
using namespace elasticity::docker;
using namespace elasticity::test;
using namespace std::chrono_literals;

namespace {

/// An engine whose pulls take until the test says so.
class SlowEngine {
public:
    std::string operator()(const std::string& request) {
        if (request.find("/_ping ") != std::string::npos) return answer(200, "", "Api-Version: 1.41\r\n");
        std::unique_lock lock(mutex_);
        requests_.push_back(request);
        changed_.notify_all();
        changed_.wait(lock, [this] { return released_; });
        return answer_;
    }
    void await_pull() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !requests_.empty(); });
    }
    void release(const std::string& with) {
        const std::lock_guard lock(mutex_);
        answer_ = with;
        released_ = true;
        changed_.notify_all();
    }
    std::vector<std::string> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> requests_;
    std::string answer_;
    bool released_ = false;
};

struct World {
    SlowEngine engine;
    ScriptedServer server{std::ref(engine)};
    sdk::HostServices services{host_options()};
    DockerApi api{http::Endpoint{"http://localhost", server.socket_path(), {}}};
    Settings settings;
    ImagePuller puller{sdk::Host(services.get()), api, settings};
    const sdk::ImageReference image = *sdk::parse_image_reference("localhost:5000/ocr:1");

    static sdk::HostOptions host_options() {
        sdk::HostOptions options;
        options.secret = [](std::string_view reference) -> sdk::HostResult<std::string> {
            if (reference == R"({"file":"/etc/x"})") return std::string("geheim");
            return sdk::host_error(ELS_NOT_FOUND, "no such secret");
        };
        return options;
    }

    els_code pull(sdk::HostCall& call) {
        return error_of([&] { puller.pull(sdk::Call(call.get()), image); }).code;
    }
};

}  // namespace

TEST_CASE("puller: calls that want the same image at once all learn the outcome") {
    World world;
    const bool succeeds = GENERATE(true, false);
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            auto call = call_within(10s);
            right += world.pull(call) == (succeeds ? ELS_OK : ELS_NOT_FOUND);
        });
    }
    world.engine.await_pull();
    world.engine.release(succeeds ? answer(200, "{}\n") : answer(200, "{\"error\":\"manifest unknown\"}\n"));
    for (auto& thread : threads) thread.join();
    CHECK(right == 8);
}

TEST_CASE(
    "puller: while an image is being pulled, nobody begins a second pull of it; another image is free") {
    World world;
    auto first = call_within(10s);
    std::thread puller([&] { world.pull(first); });
    world.engine.await_pull();
    for (int i = 0; i < 3; ++i) {
        auto impatient = call_within(20ms);
        CHECK(world.pull(impatient) == ELS_DEADLINE_EXCEEDED);
    }
    CHECK(world.engine.requests().size() == 1);
    auto other = call_within(100ms);
    const auto other_image = *sdk::parse_image_reference("localhost:5000/other:1");
    CHECK(error_of([&] { world.puller.pull(sdk::Call(other.get()), other_image); }).code ==
          ELS_DEADLINE_EXCEEDED);
    CHECK(world.engine.requests().size() == 2);
    world.engine.release(answer(200, ""));
    puller.join();
}

TEST_CASE("puller: one who waits for another's pull can be cancelled, and the pull goes on") {
    World world;
    auto first = call_within(10s), second = call_within(10s);
    els_code first_code = ELS_UNKNOWN, second_code = ELS_UNKNOWN;
    std::thread puller([&] { first_code = world.pull(first); });
    world.engine.await_pull();
    std::thread waiter([&] { second_code = world.pull(second); });
    second.cancel();
    waiter.join();
    CHECK(second_code == ELS_CANCELLED);
    world.engine.release(answer(200, ""));
    puller.join();
    CHECK(first_code == ELS_OK);
    CHECK(world.engine.requests().size() == 1);
}

TEST_CASE("puller: one who waits pulls itself when the first one is cancelled") {
    World world;
    auto first = call_within(10s), second = call_within(10s);
    els_code first_code = ELS_UNKNOWN, second_code = ELS_UNKNOWN;
    std::thread puller([&] { first_code = world.pull(first); });
    world.engine.await_pull();
    std::thread waiter([&] { second_code = world.pull(second); });
    first.cancel();
    puller.join();
    world.engine.release(answer(200, ""));
    waiter.join();
    CHECK(first_code == ELS_CANCELLED);
    CHECK(second_code == ELS_OK);
    CHECK(world.engine.requests().size() == 2);
}

TEST_CASE("puller: the login of the image's registry is sent, and no other one's") {
    World world;
    world.settings.registries["docker.io"] = {"hub", R"({"file":"/etc/other"})"};
    world.settings.registries["localhost:5000"] = {"me", R"({"file":"/etc/x"})"};
    world.engine.release(answer(200, ""));
    auto call = call_within(5s);
    CHECK(world.pull(call) == ELS_OK);
    const auto request = world.engine.requests().at(0);
    CHECK(request.find("POST /v1.41/images/create?fromImage=localhost%3A5000%2Focr&tag=1 ") == 0);
    // {"username":"me","password":"geheim","serveraddress":"localhost:5000"}
    CHECK(request.find(
              "X-Registry-Auth: eyJ1c2VybmFtZSI6Im1lIiwicGFzc3dvcmQiOiJnZWhlaW0iLCJzZXJ2ZXJhZGRyZXNzIjoi"
              "bG9jYWxob3N0OjUwMDAifQ==\r\n") != std::string::npos);
}

TEST_CASE("puller: a secret that cannot be read is an error, and nothing is pulled") {
    World world;
    world.settings.registries["localhost:5000"] = {"me", R"({"file":"/etc/absent"})"};
    auto call = call_within(5s);
    CHECK(world.pull(call) == ELS_NOT_FOUND);
    CHECK(world.engine.requests().empty());
}
