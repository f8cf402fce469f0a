// The Engine API: one member per request, nothing decided.
#pragma once
#include <boost/json/fwd.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "plugins/common/http_client.hpp"

namespace elasticity::docker {

/// The engine's answer to a request; its meaning depends on the request.
struct Reply {
    long status = 0;
    std::string body;

    bool ok() const { return status >= 200 && status < 300; }
    bool says(std::string_view part) const { return body.find(part) != std::string::npos; }
    /// The engine's "message", or the beginning of whatever it sent.
    std::string message() const;
};

/// A client of one engine, for any number of threads. What cannot be reached throws (http_client.hpp).
///
/// The API version is negotiated by the first request, and again after the engine was away: it may have come
/// back as another one.
class DockerApi {
public:
    explicit DockerApi(http::Endpoint endpoint) : client_(std::move(endpoint)) {}

    Reply create_container(const sdk::Call& call, std::string_view name, const boost::json::object& config);
    Reply start_container(const sdk::Call& call, std::string_view container);
    /// Returns when the container has stopped; the engine kills it after `grace`.
    Reply stop_container(const sdk::Call& call, std::string_view container, std::chrono::seconds grace);
    /// Kills it if it runs; takes its anonymous volumes along.
    Reply remove_container(const sdk::Call& call, std::string_view container);
    Reply inspect_container(const sdk::Call& call, std::string_view container);
    /// Those, running or not, that carry all of `labels` ("name=value").
    Reply list_containers(const sdk::Call& call, const std::vector<std::string>& labels);
    /// Pulls NAME in `version` (tag or digest). `registry_auth` may be empty; `on_progress` gets JSON lines,
    /// and an error may be among them: a 200 alone is no success.
    Reply pull_image(const sdk::Call& call, std::string_view name, std::string_view version,
                     const std::string& registry_auth, const http::OnBody& on_progress);
    Reply version(const sdk::Call& call);
    Reply info(const sdk::Call& call);

    /// "1.41"; negotiated if that has not been done.
    std::string api_version(const sdk::Call& call);

    void close_idle() { client_.close_idle(); }

private:
    Reply send(const sdk::Call& call, http::Request request);
    Reply post(const sdk::Call& call, std::string target, std::string body = {});
    std::string negotiate(const sdk::Call& call);
    void forget_version();

    http::Client client_;
    std::mutex version_mutex_;
    std::string version_;  // empty: not negotiated
};

/// The version to speak with an engine whose newest is `engine_version`. Throws ELS_FAILED_PRECONDITION for
/// an engine that is too old.
std::string negotiated_version(std::string_view engine_version);

}  // namespace elasticity::docker
