#include "plugins/docker/docker_api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <tuple>

namespace elasticity::docker {
namespace {

namespace json = boost::json;
using Version = std::pair<unsigned, unsigned>;

// 1.25 (Engine 1.13) has all that we ask for. Engines refuse what is too old for them (29 speaks 1.44 and
// up), so we go with the newest that both know.
constexpr Version oldest_version{1, 25};
constexpr Version newest_version{1, 47};

Version parse_version(std::string_view text) {
    Version version{0, 0};
    const char* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.first);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {0, 0};
    const auto minor = std::from_chars(major.ptr + 1, end, version.second);
    return minor.ec == std::errc() && minor.ptr == end ? version : Version{0, 0};
}

std::string to_text(Version version) {
    return std::to_string(version.first) + "." + std::to_string(version.second);
}

std::string container_target(std::string_view container, std::string_view rest) {
    return "/containers/" + http::escape(container).append(rest);
}

}  // namespace

std::string Reply::message() const {
    constexpr std::size_t length_max = 300;
    boost::system::error_code error;
    const json::value value = json::parse(body, error);
    if (!error && value.is_object()) {
        const json::value* message = value.get_object().if_contains("message");
        if (message && message->is_string()) return std::string(message->get_string());
    }
    return body.empty() ? "HTTP status " + std::to_string(status) : body.substr(0, length_max);
}

std::string negotiated_version(std::string_view engine_version) {
    const Version engine = parse_version(engine_version);
    if (engine < oldest_version) {
        throw sdk::Error(ELS_FAILED_PRECONDITION, "the engine speaks API version '" +
                                                      std::string(engine_version) + "', want at least " +
                                                      to_text(oldest_version));
    }
    return to_text(std::min(engine, newest_version));
}

Reply DockerApi::create_container(const sdk::Call& call, std::string_view name, const json::object& config) {
    return post(call, "/containers/create?name=" + http::escape(name), json::serialize(config));
}

Reply DockerApi::start_container(const sdk::Call& call, std::string_view container) {
    return post(call, container_target(container, "/start"));
}

Reply DockerApi::stop_container(const sdk::Call& call, std::string_view container,
                                std::chrono::seconds grace) {
    return post(call, container_target(container, "/stop?t=" + std::to_string(grace.count())));
}

Reply DockerApi::remove_container(const sdk::Call& call, std::string_view container) {
    return send(call, {"DELETE", container_target(container, "?force=1&v=1"), {}, {}});
}

Reply DockerApi::inspect_container(const sdk::Call& call, std::string_view container) {
    return send(call, {"GET", container_target(container, "/json"), {}, {}});
}

Reply DockerApi::list_containers(const sdk::Call& call, const std::vector<std::string>& labels) {
    const json::object filters{{"label", json::array(labels.begin(), labels.end())}};
    return send(call,
                {"GET", "/containers/json?all=1&filters=" + http::escape(json::serialize(filters)), {}, {}});
}

Reply DockerApi::version(const sdk::Call& call) {
    return send(call, {"GET", "/version", {}, {}});
}

Reply DockerApi::info(const sdk::Call& call) {
    return send(call, {"GET", "/info", {}, {}});
}

Reply DockerApi::pull_image(const sdk::Call& call, std::string_view name, std::string_view version,
                            const std::string& registry_auth, const http::OnBody& on_progress) {
    http::Request request{"POST", {}, {}, {}};
    request.target = "/v" + api_version(call) + "/images/create?fromImage=" + http::escape(name) +
                     "&tag=" + http::escape(version);
    if (!registry_auth.empty()) request.headers.emplace_back("X-Registry-Auth", registry_auth);
    http::Response response = client_.stream(call, request, on_progress);
    return {response.status, std::move(response.body)};
}

std::string DockerApi::api_version(const sdk::Call& call) {
    {
        const std::lock_guard lock(version_mutex_);
        if (!version_.empty()) return version_;
    }
    std::string version = negotiate(call);
    const std::lock_guard lock(version_mutex_);
    return version_ = std::move(version);
}

std::string DockerApi::negotiate(const sdk::Call& call) {
    const http::Response response = client_.send(call, {"GET", "/_ping", {}, {}});
    if (response.ok()) return negotiated_version(response.header("Api-Version"));
    throw sdk::Error(ELS_UNAVAILABLE, "the engine's ping: " + Reply{response.status, response.body}.message(),
                     ELS_ERR_RETRY_SAME);
}

void DockerApi::forget_version() {
    const std::lock_guard lock(version_mutex_);
    version_.clear();
}

Reply DockerApi::post(const sdk::Call& call, std::string target, std::string body) {
    http::Request request{"POST", std::move(target), std::move(body), {}};
    if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    return send(call, std::move(request));
}

/// Every request may be repeated: a container is created under a name, and the rest says which.
Reply DockerApi::send(const sdk::Call& call, http::Request request) {
    request.target = "/v" + api_version(call) + request.target;
    try {
        http::Response response = client_.send(call, request);
        return {response.status, std::move(response.body)};
    } catch (const sdk::Error& error) {
        if (error.code == ELS_UNAVAILABLE) forget_version();
        throw;
    }
}

}  // namespace elasticity::docker
