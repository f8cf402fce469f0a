#include "core/io/rabbitmq/endpoint.hpp"

#include <charconv>

namespace elasticity::rabbitmq {
namespace {

constexpr std::string_view host_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";

Error invalid(std::string message) {
    return {ErrorKind::invalid, "AMQP URL: " + std::move(message)};
}

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

Result<std::string> percent_decode(std::string_view text, const char* part) {
    std::string decoded;
    decoded.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return invalid(std::string(part) + ": '%' must be followed by two hex digits");
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    if (decoded.find('\0') != std::string::npos) return invalid(std::string(part) + ": must not contain %00");
    return decoded;
}

Result<void> read_login(std::string_view login, Endpoint& endpoint) {
    const size_t colon = login.find(':');
    auto username = percent_decode(login.substr(0, colon), "user name");
    if (username.has_error()) return username.error();
    endpoint.username = *username;
    endpoint.password = Secret();
    if (colon == std::string_view::npos) return {};
    auto password = percent_decode(login.substr(colon + 1), "password");
    if (password.has_error()) return password.error();
    endpoint.password = Secret(*password);
    return {};
}

Result<void> read_port(std::string_view text, Endpoint& endpoint) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > 65535) {
        return invalid("port: must be 1 to 65535");
    }
    endpoint.port = static_cast<uint16_t>(value);
    return {};
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
Result<void> read_address(std::string_view address, Endpoint& endpoint) {
    std::string_view host = address;
    std::string_view rest;
    if (address.starts_with('[')) {
        const size_t end = address.find(']');
        if (end == std::string_view::npos) return invalid("host: '[' without ']'");
        host = address.substr(1, end - 1);
        rest = address.substr(end + 1);
    } else if (const size_t colon = address.find(':'); colon != std::string_view::npos) {
        host = address.substr(0, colon);
        rest = address.substr(colon);
    }
    auto decoded = percent_decode(host, "host");
    if (decoded.has_error()) return decoded.error();
    if (decoded->empty()) return invalid("host: must not be empty");
    if (decoded->find_first_not_of(host_characters) != std::string::npos)
        return invalid("host: must be a name of letters, digits, '-', '_' and '.', or an IP address");
    endpoint.host = *decoded;
    if (rest.empty()) return {};
    if (!rest.starts_with(':')) return invalid("host: only a port may follow ']'");
    return read_port(rest.substr(1), endpoint);
}

/// An absent path is the default virtual host; `/` alone names the one with the empty name.
Result<void> read_virtual_host(std::string_view path, Endpoint& endpoint) {
    if (path.empty()) return {};
    if (path.find('/', 1) != std::string_view::npos) {
        return invalid("virtual host: a '/' in the name is written %2F");
    }
    auto name = percent_decode(path.substr(1), "virtual host");
    if (name.has_error()) return name.error();
    if (name->size() > 255) return invalid("virtual host: at most 255 bytes");
    endpoint.virtual_host = *name;
    return {};
}

}  // namespace

Result<Endpoint> parse_amqp_url(std::string_view url) {
    Endpoint endpoint;
    if (url.starts_with("amqps://")) {
        endpoint.tls.emplace();
        endpoint.port = 5671;
    } else if (!url.starts_with("amqp://")) {
        return invalid("must begin with amqp:// or amqps://");
    }
    url.remove_prefix(url.find("//") + 2);
    if (url.find_first_of("?#") != std::string_view::npos) {
        return invalid(
            "must have neither query nor fragment; in a name or password '?' is %3F and '#' is %23");
    }
    const size_t slash = url.find('/');
    std::string_view authority = url.substr(0, slash);
    const std::string_view path = slash == std::string_view::npos ? "" : url.substr(slash);
    if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
        if (auto done = read_login(authority.substr(0, at), endpoint); done.has_error()) return done.error();
        authority.remove_prefix(at + 1);
    }
    if (auto done = read_address(authority, endpoint); done.has_error()) return done.error();
    if (auto done = read_virtual_host(path, endpoint); done.has_error()) return done.error();
    return endpoint;
}

std::string to_text(const Endpoint& endpoint) {
    const bool is_v6 = endpoint.host.find(':') != std::string::npos;
    const std::string host = is_v6 ? "[" + endpoint.host + "]" : endpoint.host;
    return (endpoint.tls ? "amqps://" : "amqp://") + host + ":" + std::to_string(endpoint.port) + "/" +
           percent_encode(endpoint.virtual_host);
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view unreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        if (unreserved.find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            encoded += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return encoded;
}

}  // namespace elasticity::rabbitmq
