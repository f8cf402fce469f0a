#include "plugins/common/http_client.hpp"

#include <algorithm>

#include "plugins/common/http_channel.hpp"

namespace elasticity::http {
namespace {

/// Once in a process; since libcurl 7.84 it may run beside another plugin's. Never undone, because what may
/// be unloaded must not call the clean-up.
void initialize_curl_once() {
    static const CURLcode outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (outcome != CURLE_OK) throw sdk::Error(ELS_INTERNAL, "libcurl cannot be initialized");
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_unreserved(char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
    const auto same = [name](const auto& header) {
        return std::equal(name.begin(), name.end(), header.first.begin(), header.first.end(),
                          [](char a, char b) { return lower(a) == lower(b); });
    };
    const auto found = std::find_if(headers.rbegin(), headers.rend(), same);
    return found == headers.rend() ? std::string_view() : found->second;
}

std::string escape(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string escaped;
    for (const char c : text) {
        if (is_unreserved(c)) {
            escaped += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        escaped += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return escaped;
}

Client::Client(Endpoint endpoint, std::size_t response_bytes_max)
    : endpoint_(std::move(endpoint)), response_bytes_max_(response_bytes_max) {}

Client::~Client() = default;

Response Client::send(const sdk::Call& call, const Request& request) {
    return exchange(call, request, nullptr);
}

Response Client::stream(const sdk::Call& call, const Request& request, const OnBody& on_body) {
    return exchange(call, request, &on_body);
}

/// A channel whose request failed is not given back: its connection is in an unknown state.
Response Client::exchange(const sdk::Call& call, const Request& request, const OnBody* on_body) {
    ChannelPtr channel = borrow();
    Response response = channel->perform(call, request, on_body, response_bytes_max_);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(channel));
    return response;
}

Client::ChannelPtr Client::borrow() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            ChannelPtr channel = std::move(idle_.back());
            idle_.pop_back();
            return channel;
        }
    }
    initialize_curl_once();
    return std::make_unique<Channel>(endpoint_);
}

void Client::close_idle() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
}

}  // namespace elasticity::http
