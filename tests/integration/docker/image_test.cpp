#include <atomic>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/integration/docker/engine_world.hpp"

using namespace elasticity;
using namespace elasticity::test;
namespace json = boost::json;

namespace {

/// An image that the registry has and the engine has not.
class PushedImage {
public:
    PushedImage() : world_(shared_world()), registry_(testbed("registry")) {
        std::random_device device;
        repository_ = registry_.at("REGISTRY") + "/ncsa/ocr-" + std::to_string(device());
        world_.ask("POST", "/images/" + std::string(busybox) + "/tag?repo=" + repository_ + "&tag=1");
        world_.ask("POST", "/images/" + repository_ + "/push?tag=1", "", auth());
        remove_from_engine();
    }
    ~PushedImage() {
        if (is_on_engine()) remove_from_engine();
    }

    std::string name() const { return repository_ + ":1"; }
    const std::string& registry() const { return registry_.at("REGISTRY"); }
    const std::string& username() const { return registry_.at("REGISTRY_USER"); }
    const std::string& password() const { return registry_.at("REGISTRY_PASSWORD"); }
    void remove_from_engine() { world_.ask("DELETE", "/images/" + name() + "?noprune=1"); }
    bool is_on_engine() {
        const auto filters = http::escape(json::serialize(json::object{{"reference", {name()}}}));
        return !world_.ask("GET", "/images/json?filters=" + filters).as_array().empty();
    }

private:
    /// X-Registry-Auth, made by another program than the one under test.
    std::string auth() const {
        const std::string login =
            json::serialize(json::object{{"username", username()}, {"password", password()}});
        const std::string file = "/tmp/elasticity-auth." + repository_.substr(repository_.rfind('-'));
        run("printf '%s' '" + login + "' | base64 -w0 | tr '+/' '-_' >" + file);
        std::ifstream stream(file);
        std::string text;
        std::getline(stream, text);
        std::filesystem::remove(file);
        return text;
    }

    EngineWorld world_;
    std::map<std::string, std::string> registry_;
    std::string repository_;
};

json::object login(const PushedImage& image, const std::string& password) {
    return {{"registries",
             {{image.registry(), {{"username", image.username()}, {"password", {{"env", password}}}}}}}};
}

sdk::HostSpec spec_with(const std::string& image, const std::string& pull = "missing",
                        const std::string& key = "w1") {
    return spec_of(key, json::serialize(json::object{{"image", image}, {"network", "none"}, {"pull", pull}}));
}

}  // namespace

TEST_CASE("image: an absent one is pulled with the registry's login, and the worker runs", "[image]") {
    PushedImage image;
    auto world = shared_world(login(image, image.password()));
    const auto worker = world.create(spec_with(image.name()));
    INFO((worker ? "" : worker.error().message));
    REQUIRE(worker);
    CHECK(worker->state == sdk::HostState::running);
    CHECK(image.is_on_engine());
    CHECK(world.logged().find("pulled " + image.name()) != std::string::npos);
    CHECK(world.logged().find(image.password()) == std::string::npos);
}

TEST_CASE("image: the wrong password, or none, is denied with that reason, and tells no secret", "[image]") {
    PushedImage image;
    const bool has_login = GENERATE(true, false);
    auto world = shared_world(has_login ? login(image, "wr0ng-pass") : json::object{});
    const auto outcome = world.create(spec_with(image.name()));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_PERMISSION_DENIED);
    CHECK(outcome.error().provider_code == "image_pull_denied");
    CHECK(outcome.error().field == "/image");
    CHECK(outcome.error().message.find("wr0ng-pass") == std::string::npos);
    CHECK(world.logged().find("wr0ng-pass") == std::string::npos);
    CHECK(world.list()->empty());
}

TEST_CASE("image: one that the registry does not have is not found, within seconds", "[image]") {
    PushedImage image;
    auto world = shared_world(login(image, image.password()));
    const std::string absent =
        GENERATE(std::string("/ncsa/nothing:1"), "/ncsa/nothing@sha256:" + std::string(64, 'a'));
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = world.create(spec_with(image.registry() + absent));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_NOT_FOUND);
    CHECK(outcome.error().provider_code == "image_not_found");
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("image: with pull never, an absent one is not found, and nothing is pulled", "[image]") {
    PushedImage image;
    auto world = shared_world(login(image, image.password()));
    const auto outcome = world.create(spec_with(image.name(), "never"));
    REQUIRE(!outcome);
    CHECK(outcome.error().provider_code == "image_not_found");
    CHECK(!image.is_on_engine());
}

TEST_CASE("image: a registry that does not answer is unavailable, to be tried again", "[image]") {
    auto world = shared_world();
    const auto outcome = world.create(spec_with("127.0.0.1:1/nothing:1"));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ELS_UNAVAILABLE);
    CHECK(outcome.error().provider_code == "registry_unavailable");
    CHECK(outcome.error().may_retry());
}

TEST_CASE("image: with pull always it is looked up each time, but not for a worker that exists", "[image]") {
    PushedImage image;
    auto world = shared_world(login(image, image.password()));
    const auto spec = spec_with(image.name(), "always");
    REQUIRE(world.create(spec));
    const std::string first_log = world.logged();
    REQUIRE(world.create(spec));
    CHECK(world.logged() == first_log);
    REQUIRE(world.create(spec_with(image.name(), "always", "w2")));
    CHECK(world.logged() == first_log + "pulled " + image.name() + "\n");
}

TEST_CASE("image: several creates at once of an absent image all succeed", "[image]") {
    PushedImage image;
    auto world = shared_world(login(image, image.password()));
    std::atomic<int> created{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] {
            created += world.create(spec_with(image.name(), "missing", "w" + std::to_string(i))).has_value();
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(created == 6);
}
