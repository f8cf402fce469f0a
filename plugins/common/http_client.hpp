// HTTP/1.1 for plugins: one server, many threads, every request bounded by the call that it serves.
#pragma once
#include <cstddef>
#include <elasticity/sdk/plugin.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace elasticity::http {

/// Files in PEM format; an empty name means the system's authorities, or no client certificate.
struct Tls {
    std::string ca_file;
    std::string cert_file;
    std::string key_file;
    bool verify = true;  ///< the server's certificate and its host name
};

/// Where the server is. With `unix_socket`, the host in `base_url` is only what the Host header says.
struct Endpoint {
    std::string base_url;  ///< "http://localhost", "https://engine.example.org:2376": no trailing slash
    std::string unix_socket;
    Tls tls;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method = "GET";
    std::string target;  ///< path and query, already percent-encoded; see `escape`
    std::string body;
    Headers headers;
    /// May the library send it a second time when a kept connection turns out to be dead? Where a repeat
    /// would do the work twice, this must be false: the request then has a connection of its own.
    bool repeatable = true;
};

struct Response {
    long status = 0;
    Headers headers;
    std::string body;

    bool ok() const { return status >= 200 && status < 300; }
    /// The value of the last header of that name, in any case of letters; empty when there is none.
    std::string_view header(std::string_view name) const;
};

/// Takes a piece of a successful answer's body as it arrives; may throw, which ends the request.
using OnBody = std::function<void(std::string_view)>;

/// Percent-encodes everything but letters, digits and "-._~".
std::string escape(std::string_view text);

/// A client of one server. All members may be called from several threads at once; a request blocks its
/// thread until it is answered, the call's deadline passes or the call is cancelled (sdk::Error then).
///
/// A server that cannot be reached is ELS_UNAVAILABLE with RETRY_SAME. MAYBE_DONE is set where a request that
/// changes something may have reached the server before the failure. A rejected certificate is
/// ELS_UNAUTHENTICATED. An answer with an HTTP error status is an answer, not a failure.
class Client {
public:
    explicit Client(Endpoint endpoint, std::size_t response_bytes_max = 64u << 20);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Response send(const sdk::Call& call, const Request& request);

    /// As `send`, but hands the body of a 2xx answer to `on_body` instead of keeping it.
    Response stream(const sdk::Call& call, const Request& request, const OnBody& on_body);

    /// Closes the connections that no request is using.
    void close_idle();

private:
    class Channel;
    using ChannelPtr = std::unique_ptr<Channel>;

    Response exchange(const sdk::Call& call, const Request& request, const OnBody* on_body);
    ChannelPtr borrow();

    const Endpoint endpoint_;  // channels refer to it
    const std::size_t response_bytes_max_;
    std::mutex mutex_;
    std::vector<ChannelPtr> idle_;
};

}  // namespace elasticity::http
