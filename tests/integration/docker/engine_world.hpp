// A real engine, and docker.so loaded the way the core loads it.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/common/http_client.hpp"
#include "sdk/host/backend.hpp"

namespace elasticity::test {

using namespace std::chrono_literals;

inline constexpr std::string_view busybox = "elasticity-test/busybox:1";

/// KEY=VALUE lines that a script of the test bed wrote.
std::map<std::string, std::string> read_env(const std::string& file);

/// The test bed's server of that name.
std::map<std::string, std::string> testbed(const std::string& server);

/// Runs a shell line, and fails the test if it fails.
void run(const std::string& command);
std::string support_script(const std::string& name);

/// A spec with all that a create needs; the rest is the test's.
sdk::HostSpec spec_of(const std::string& key, const std::string& params);

/// Parameters of a worker without network that runs `sh -c script`.
std::string shell_params(const std::string& script);

/// One owner on an engine; its workers end with it.
class EngineWorld {
public:
    /// `config` as in the settings; its endpoint is the engine's socket where it names none.
    explicit EngineWorld(const std::string& socket, boost::json::object config = {});
    ~EngineWorld();

    /// The plugin opened once more, as after a restart of the daemon with that install id.
    std::shared_ptr<sdk::Backend> open_backend_as(const std::string& owner);

    sdk::HostResult<sdk::HostInstance> create(const sdk::HostSpec& spec,
                                              std::chrono::milliseconds deadline = 60s);
    sdk::HostResult<> destroy(const std::string& key, std::chrono::milliseconds grace,
                              std::chrono::milliseconds deadline = 60s);
    sdk::HostResult<sdk::HostInstance> inspect(const sdk::HostRef& ref);
    sdk::HostResult<std::vector<sdk::HostInstance>> list();

    /// Returns when the worker has ended, for whatever reason; fails the test after 60 s.
    void await_end(const sdk::HostInstance& worker) { ask("POST", "/containers/" + worker.id + "/wait"); }

    /// A request to the engine, past the plugin. Fails the test on an error status.
    boost::json::value ask(const std::string& method, const std::string& target, const std::string& body = {},
                           const std::string& registry_auth = {});
    boost::json::value docker_inspect(const std::string& container) {
        return ask("GET", "/containers/" + container + "/json");
    }

    const std::string& owner() const { return owner_; }
    sdk::Backend& backend() { return *backend_; }
    /// Everything that the plugin logged.
    std::string logged();

private:
    std::string owner_;
    boost::json::object config_;
    http::Client engine_;
    std::mutex mutex_;
    std::string logged_;
    std::shared_ptr<sdk::Backend> backend_;
};

/// An EngineWorld on the engine that all tests share, with the busybox image in it.
EngineWorld shared_world(boost::json::object config = {});

}  // namespace elasticity::test

/// A failed call shows its reason in the test's report.
template <class T>
struct Catch::StringMaker<elasticity::sdk::HostResult<T>> {
    static std::string convert(const elasticity::sdk::HostResult<T>& result) {
        if (result) return "success";
        return std::string(elasticity::sdk::code_name(result.error().code)) + ": " + result.error().message;
    }
};
