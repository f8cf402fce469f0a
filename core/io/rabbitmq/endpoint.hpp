#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/rabbitmq/secret.hpp"
#include "core/model/error.hpp"

namespace elasticity::rabbitmq {

/// How the broker proves who it is, and, with a certificate and a key, how we do.
struct TlsOptions {
    std::string ca_file;    ///< PEM; empty: the system's certificate authorities
    std::string cert_file;  ///< PEM; empty: no client certificate
    std::string key_file;   ///< PEM; set exactly when `cert_file` is
    bool verify = true;     ///< certificate and host name; `false` is for experiments only
};

/// Where a broker is, and how to log in.
struct Endpoint {
    std::string host;
    uint16_t port = 5672;
    std::string virtual_host = "/";
    std::string username = "guest";
    Secret password{"guest"};
    std::optional<TlsOptions> tls;
    int heartbeat_s = 30;
    std::chrono::milliseconds connect_timeout{10'000};
};

/// Asked before every connect, on the connecting thread, so that a rotated password is read again.
using EndpointSource = std::function<Result<Endpoint>()>;

/// Reads `amqp://[user[:password]@]host[:port][/virtual_host]` and the same with `amqps`. Every part is
/// percent-decoded. The error text never repeats the URL, which may hold a password.
Result<Endpoint> parse_amqp_url(std::string_view url);

/// `amqp://host:port/virtual_host`: for logs and errors, without user name and password.
std::string to_text(const Endpoint& endpoint);

/// Every byte that RFC 3986 does not call unreserved becomes `%XX`.
std::string percent_encode(std::string_view text);

}  // namespace elasticity::rabbitmq
