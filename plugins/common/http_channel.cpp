#include "plugins/common/http_channel.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>

namespace elasticity::http {
namespace {

constexpr long connect_timeout_ms = 10'000;
constexpr std::size_t header_bytes_max = 64u << 10;

struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

void append(HeaderList& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (!longer) throw std::bad_alloc();
    (void)list.release();  // `longer` has the same head, or is the first element
    list.reset(longer);
}

HeaderList header_list(const Headers& headers) {
    HeaderList list;
    append(list, "Expect:");  // libcurl's 100-continue would cost a round trip
    for (const auto& [name, value] : headers) append(list, name + ": " + value);
    return list;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool changes_nothing(const Request& request) {
    return request.method == "GET" || request.method == "HEAD";
}

/// With TLS 1.3 the server judges the client's certificate after the handshake: its refusal arrives as an
/// alert while we read the answer, and libcurl has no code of its own for that.
bool is_certificate_alert(std::string_view text) {
    const auto has = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
    return has("alert") && (has("certificate") || has("unknown ca"));
}

els_code code_of(CURLcode result, std::string_view text) {
    switch (result) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return ELS_UNAUTHENTICATED;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return ELS_INVALID_ARGUMENT;
        case CURLE_OUT_OF_MEMORY:
            return ELS_RESOURCE_EXHAUSTED;
        default:
            return is_certificate_alert(text) ? ELS_UNAUTHENTICATED : ELS_UNAVAILABLE;
    }
}

/// Keeps the easy handle in the multi handle for the time of one request. Taking it out in the middle of one
/// closes the connection.
class Attachment {
public:
    Attachment(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy) {
        if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) throw std::bad_alloc();
    }
    ~Attachment() { curl_multi_remove_handle(multi_, easy_); }
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

private:
    CURLM* multi_;
    CURL* easy_;
};

}  // namespace

/// What one request collects. libcurl calls us through C frames, so that an exception waits in `thrown`.
struct Exchange {
    CURL* easy;
    const OnBody* on_body;
    std::size_t body_bytes_max;
    Response response;
    std::size_t header_bytes = 0;
    std::exception_ptr thrown;

    void add_header(std::string_view line) {
        header_bytes += line.size();
        if (header_bytes > header_bytes_max) throw too_long("header", header_bytes_max);
        if (line.substr(0, 5) == "HTTP/") response.headers.clear();  // what came before was an interim answer
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) return;
        response.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }

    void add_body(std::string_view piece) {
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response.status);
        if (on_body && response.ok()) return (*on_body)(piece);
        if (piece.size() > body_bytes_max - response.body.size()) throw too_long("body", body_bytes_max);
        response.body.append(piece);
    }

    static sdk::Error too_long(const std::string& part, std::size_t bytes_max) {
        return sdk::Error(ELS_INTERNAL,
                          "the answer's " + part + " exceeds " + std::to_string(bytes_max) + " bytes");
    }
};

namespace {

template <void (Exchange::*take)(std::string_view)>
std::size_t on_data(char* data, std::size_t size, std::size_t count, void* context) {
    auto& exchange = *static_cast<Exchange*>(context);
    try {
        (exchange.*take)({data, size * count});
        return size * count;
    } catch (...) {
        exchange.thrown = std::current_exception();
        return CURL_WRITEFUNC_ERROR;
    }
}

}  // namespace

Client::Channel::Channel(const Endpoint& endpoint)
    : endpoint_(endpoint), multi_(curl_multi_init()), easy_(curl_easy_init()) {
    if (!multi_ || !easy_) throw std::bad_alloc();
    prepare_connection();
    if (endpoint_.base_url.rfind("https:", 0) == 0) prepare_tls();
}

template <class Value>
void Client::Channel::set(CURLoption option, Value value) {
    const CURLcode result = curl_easy_setopt(easy_.get(), option, value);
    if (result != CURLE_OK)
        throw sdk::Error(ELS_INTERNAL, std::string("libcurl: ") + curl_easy_strerror(result));
}

void Client::Channel::prepare_connection() {
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_NOSIGNAL, 1L);  // a plugin must not touch signal dispositions
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    // A cancelled call does not wait for the name look-up that it began.
    set(CURLOPT_QUICK_EXIT, 1L);
    if (endpoint_.unix_socket.empty()) return;
    set(CURLOPT_UNIX_SOCKET_PATH, endpoint_.unix_socket.c_str());
    set(CURLOPT_PROXY, "");  // not the one of the environment
}

void Client::Channel::prepare_tls() {
    const Tls& tls = endpoint_.tls;
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
    if (!tls.ca_file.empty()) set(CURLOPT_CAINFO, tls.ca_file.c_str());
    if (!tls.cert_file.empty()) set(CURLOPT_SSLCERT, tls.cert_file.c_str());
    if (!tls.key_file.empty()) set(CURLOPT_SSLKEY, tls.key_file.c_str());
}

void Client::Channel::prepare_request(const Request& request, const curl_slist* headers) {
    set(CURLOPT_URL, (endpoint_.base_url + request.target).c_str());
    set(CURLOPT_HTTPHEADER, headers);
    // A kept connection may be dead, and libcurl then repeats the request on a new one.
    set(CURLOPT_FRESH_CONNECT, request.repeatable ? 0L : 1L);
    if (request.method == "POST" || !request.body.empty()) {
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_POSTFIELDS, request.body.c_str());
    } else {
        set(CURLOPT_HTTPGET, 1L);
    }
    set(CURLOPT_NOBODY, request.method == "HEAD" ? 1L : 0L);
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Client::Channel::collect_into(Exchange& exchange) {
    set(CURLOPT_HEADERFUNCTION, &on_data<&Exchange::add_header>);
    set(CURLOPT_HEADERDATA, &exchange);
    set(CURLOPT_WRITEFUNCTION, &on_data<&Exchange::add_body>);
    set(CURLOPT_WRITEDATA, &exchange);
}

Response Client::Channel::perform(const sdk::Call& call, const Request& request, const OnBody* on_body,
                                  std::size_t body_bytes_max) {
    call.check();
    const HeaderList headers = header_list(request.headers);
    Exchange exchange{easy_.get(), on_body, body_bytes_max, {}, 0, nullptr};
    error_text_[0] = '\0';
    prepare_request(request, headers.get());
    collect_into(exchange);
    const CURLcode result = run(call, request);
    if (exchange.thrown) std::rethrow_exception(exchange.thrown);
    if (result != CURLE_OK) fail(result, request);
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &exchange.response.status);
    return std::move(exchange.response);
}

CURLcode Client::Channel::run(const sdk::Call& call, const Request& request) {
    const Attachment attachment(multi_.get(), easy_.get());
    for (;;) {
        int running = 0;
        if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) throw std::bad_alloc();
        if (running == 0) break;
        await_activity(call, request);
    }
    int queued = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &queued);
    if (!message || message->msg != CURLMSG_DONE) throw sdk::Error(ELS_INTERNAL, "libcurl: no outcome");
    return message->data.result;
}

/// Sleeps until the connection, the clock or the core wants something.
void Client::Channel::await_activity(const sdk::Call& call, const Request& request) {
    constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
    curl_waitfd cancel{call.cancel_fd(), CURL_WAIT_POLLIN, 0};
    const unsigned extra = call.cancel_fd() >= 0 ? 1 : 0;
    const auto wait_ms = static_cast<int>(std::min(call.remaining(), longest).count());
    if (curl_multi_poll(multi_.get(), &cancel, extra, wait_ms, nullptr) != CURLM_OK) {
        throw sdk::Error(ELS_INTERNAL, "libcurl: cannot wait for the connection", maybe_done(request));
    }
    if (cancel.revents != 0) throw sdk::Error(ELS_CANCELLED, "cancelled by the core", maybe_done(request));
    call.check(maybe_done(request));
}

void Client::Channel::fail(CURLcode result, const Request& request) {
    const std::string text = error_text_[0] ? error_text_.data() : curl_easy_strerror(result);
    const std::string& place = endpoint_.unix_socket.empty() ? endpoint_.base_url : endpoint_.unix_socket;
    const els_code code = code_of(result, text);
    const std::uint32_t retry = code == ELS_UNAVAILABLE ? ELS_ERR_RETRY_SAME : 0;
    throw sdk::Error(code, place + ": " + request.method + " " + request.target + ": " + text,
                     retry | maybe_done(request));
}

/// Bytes of the request have left: the server may have acted on them.
std::uint32_t Client::Channel::maybe_done(const Request& request) const {
    long sent_bytes = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
    return sent_bytes > 0 && !changes_nothing(request) ? ELS_ERR_MAYBE_DONE : 0;
}

}  // namespace elasticity::http
