// One libcurl handle with its kept connection. Private to the HTTP client.
#pragma once
#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <memory>

#include "plugins/common/http_client.hpp"

namespace elasticity::http {

struct Exchange;

/// Used by one thread at a time. After an exception it is to be thrown away, connection and all.
class Client::Channel {
public:
    explicit Channel(const Endpoint& endpoint);

    /// `on_body` may be null. The rest is as in Client::stream.
    Response perform(const sdk::Call& call, const Request& request, const OnBody* on_body,
                     std::size_t body_bytes_max);

private:
    struct EasyDeleter {
        void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    };
    struct MultiDeleter {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    void prepare_connection();
    void prepare_tls();
    void prepare_request(const Request& request, const curl_slist* headers);
    void collect_into(Exchange& exchange);
    CURLcode run(const sdk::Call& call, const Request& request);
    void await_activity(const sdk::Call& call, const Request& request);
    [[noreturn]] void fail(CURLcode result, const Request& request);
    std::uint32_t maybe_done(const Request& request) const;

    template <class Value>
    void set(CURLoption option, Value value);

    const Endpoint& endpoint_;
    // The order matters: the easy handle goes before the multi handle, which owns the connection.
    std::unique_ptr<CURLM, MultiDeleter> multi_;
    std::unique_ptr<CURL, EasyDeleter> easy_;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace elasticity::http
