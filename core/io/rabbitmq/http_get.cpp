#include "core/io/rabbitmq/http_get.hpp"

#include <curl/curl.h>

#include <array>
#include <new>
#include <utility>

namespace elasticity::rabbitmq {
namespace {

struct Sink {
    std::string body;
    size_t bytes_max;
};

/// Fewer bytes than offered makes curl give up.
size_t collect(char* data, size_t, size_t size, void* sink_pointer) {
    auto& sink = *static_cast<Sink*>(sink_pointer);
    if (sink.body.size() + size > sink.bytes_max) return 0;
    sink.body.append(data, size);
    return size;
}

/// curl wants to be set up once, before any thread uses it.
void initialize_curl() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (done != CURLE_OK) throw std::bad_alloc();
}

}  // namespace

struct HttpGet::Handle {
    CURL* curl = curl_easy_init();
    std::array<char, CURL_ERROR_SIZE> error_text{};
    ~Handle() { curl_easy_cleanup(curl); }
};

HttpGet::HttpGet(HttpOptions options) : options_(std::move(options)) {
    initialize_curl();
    handle_ = std::make_unique<Handle>();
    CURL* curl = handle_->curl;
    if (curl == nullptr) throw std::bad_alloc();
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error_text.data());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options_.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options_.password.reveal().c_str());
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options_.verify ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, options_.verify ? 2L : 0L);
    if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
}

HttpGet::~HttpGet() = default;

Result<HttpAnswer> HttpGet::get(const std::string& url) {
    CURL* curl = handle_->curl;
    Sink sink{{}, options_.body_bytes_max};
    handle_->error_text[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        const std::string detail = handle_->error_text.data();
        return Error{ErrorKind::unavailable, detail.empty() ? curl_easy_strerror(code) : detail};
    }
    HttpAnswer answer{0, std::move(sink.body)};
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
}

}  // namespace elasticity::rabbitmq
