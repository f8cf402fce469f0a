// The backend's configuration: which engine, and how workers on it are made.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "plugins/common/http_client.hpp"

namespace elasticity::docker {

struct RegistryLogin {
    std::string username;
    std::string password_reference;  ///< JSON text for Host::secret; never the password itself
};

struct Settings {
    http::Endpoint endpoint;
    std::string network;  ///< for workers that name none; empty: the engine's default
    std::map<std::string, RegistryLogin> registries;  ///< by registry host, "docker.io"
    std::chrono::seconds stop_grace{10};  ///< that the engine gives when somebody else stops a worker
    std::int64_t log_max_bytes = 10 << 20;
    std::int64_t log_files_max = 3;
};

/// Throws sdk::Error (ELS_INVALID_ARGUMENT) with the JSON pointer of what is wrong.
Settings parse_settings(std::string_view config);

/// unix:///PATH, tcp://HOST:PORT (TLS where `with_tls`), http://HOST:PORT or https://HOST:PORT.
http::Endpoint parse_endpoint(std::string_view text, bool with_tls);

}  // namespace elasticity::docker
