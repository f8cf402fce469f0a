#include "tests/integration/docker/engine_world.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <random>

namespace elasticity::test {

namespace json = boost::json;

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    if (!value) FAIL(name << " is not set: run this through ctest");
    return value;
}

std::string random_owner() {
    std::random_device device;
    return "test-" + std::to_string(device()) + "-" + std::to_string(device());
}

sdk::HostCall call_within(std::chrono::milliseconds time) {
    return sdk::HostCall("test", 1, sdk::HostCall::Clock::now() + time);
}

}  // namespace

std::map<std::string, std::string> read_env(const std::string& file) {
    std::ifstream lines(file);
    INFO(file);
    REQUIRE(lines);
    std::map<std::string, std::string> values;
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find('=');
        if (equals != std::string::npos) values[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return values;
}

std::map<std::string, std::string> testbed(const std::string& server) {
    return read_env(environment("ELASTICITY_TESTBED") + "/" + server + "/env");
}

void run(const std::string& command) {
    INFO(command);
    REQUIRE(std::system(command.c_str()) == 0);
}

std::string support_script(const std::string& name) {
    return environment("ELASTICITY_SUPPORT") + "/" + name;
}

sdk::HostSpec spec_of(const std::string& key, const std::string& params) {
    sdk::HostSpec spec;
    std::random_device device;
    spec.key = key;
    spec.name = key + "-" + std::to_string(device());
    spec.tool = "prod\nncsa.image.ocr";
    spec.params = params;
    spec.hash = 0xfedcba9876543210;
    return spec;
}

std::string shell_params(const std::string& script) {
    return json::serialize(json::object{
        {"image", busybox}, {"command", {"/bin/sh", "-c", script}}, {"network", "none"}, {"pull", "never"}});
}

EngineWorld::EngineWorld(const std::string& socket, json::object config)
    : owner_(random_owner()), config_(std::move(config)), engine_({"http://localhost", socket, {}}) {
    if (!config_.contains("endpoint")) config_["endpoint"] = "unix://" + socket;
    backend_ = open_backend_as(owner_);
}

EngineWorld::~EngineWorld() {
    const auto workers = list();
    if (!workers) return;  // no engine any more
    for (const auto& worker : *workers) (void)destroy(worker.key, 0ms);
}

std::shared_ptr<sdk::Backend> EngineWorld::open_backend_as(const std::string& owner) {
    const auto library = sdk::Library::load(DOCKER_PLUGIN);
    if (!library) FAIL(library.error().message);
    const els_plugin* plugin = (*library)->find("org.elasticity.docker");
    REQUIRE(plugin);
    sdk::HostOptions options;
    options.core_version = "test";
    options.backend_name = "local-docker";
    options.owner = owner;
    options.log_level = ELS_LOG_TRACE;
    options.log = [this](const sdk::HostLogLine& line) {
        const std::lock_guard lock(mutex_);
        logged_ += line.message + "\n";
    };
    // The reference of a test's secret holds the secret: {"env": VALUE}.
    options.secret = [](std::string_view reference) -> sdk::HostResult<std::string> {
        return std::string(json::parse(reference).at("env").as_string());
    };
    auto backend = sdk::Backend::open(*library, *plugin, json::serialize(config_), options);
    if (!backend) FAIL(backend.error().message);
    auto call = call_within(10s);
    REQUIRE((*backend)->activate(call));
    return *backend;
}

sdk::HostResult<sdk::HostInstance> EngineWorld::create(const sdk::HostSpec& spec,
                                                       std::chrono::milliseconds deadline) {
    auto call = call_within(deadline);
    return backend_->create(call, spec);
}

sdk::HostResult<> EngineWorld::destroy(const std::string& key, std::chrono::milliseconds grace,
                                       std::chrono::milliseconds deadline) {
    auto call = call_within(deadline);
    return backend_->destroy(call, {key, ""}, grace);
}

sdk::HostResult<sdk::HostInstance> EngineWorld::inspect(const sdk::HostRef& ref) {
    auto call = call_within(30s);
    return backend_->inspect(call, ref);
}

sdk::HostResult<std::vector<sdk::HostInstance>> EngineWorld::list() {
    auto call = call_within(30s);
    return backend_->list(call);
}

json::value EngineWorld::ask(const std::string& method, const std::string& target, const std::string& body,
                             const std::string& registry_auth) {
    auto call = call_within(60s);
    http::Request request{method, target, body, {}};
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    if (!registry_auth.empty()) request.headers.emplace_back("X-Registry-Auth", registry_auth);
    const auto response = engine_.send(sdk::Call(call.get()), request);
    INFO(method << " " << target << ": " << response.status << " " << response.body);
    REQUIRE(response.status < 400);
    boost::system::error_code error;
    return json::parse(response.body, error);  // null where the answer is none
}

std::string EngineWorld::logged() {
    const std::lock_guard lock(mutex_);
    return logged_;
}

EngineWorld shared_world(json::object config) {
    const std::string socket = testbed("dockerd").at("DOCKER_SOCKET");
    static std::once_flag imported;
    std::call_once(imported, [&] {
        run(support_script("image.sh") + " make-busybox " + socket + " " + std::string(busybox) +
            " >/dev/null");
    });
    return EngineWorld(socket, std::move(config));
}

}  // namespace elasticity::test
