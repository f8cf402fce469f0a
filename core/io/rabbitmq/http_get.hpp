#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "core/io/rabbitmq/secret.hpp"
#include "core/model/error.hpp"

namespace elasticity::rabbitmq {

struct HttpOptions {
    std::string username;
    Secret password;
    std::string ca_file;  ///< empty: the system's certificate authorities
    bool verify = true;
    std::chrono::milliseconds timeout{10'000};
    size_t body_bytes_max = 64 * 1024 * 1024;
};

struct HttpAnswer {
    long status = 0;
    std::string body;
};

/// HTTP GET with basic authentication over a connection that is kept for the next one. One thread at a time.
class HttpGet {
public:
    explicit HttpGet(HttpOptions options);
    ~HttpGet();
    HttpGet(const HttpGet&) = delete;
    HttpGet& operator=(const HttpGet&) = delete;

    /// An answer of any status; an error when there was no whole answer.
    Result<HttpAnswer> get(const std::string& url);

private:
    HttpOptions options_;
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace elasticity::rabbitmq
