#include "core/model/target.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/model/names.hpp"

namespace elasticity {
namespace {

struct Protocol {
    std::string_view name;
    std::uint16_t default_port;
};

constexpr std::array<Protocol, 4> protocols{
    {{"amqp", 5672}, {"amqps", 5671}, {"http", 15672}, {"https", 15671}}};

Error invalid(std::string message) { return {ErrorKind::invalid, std::move(message)}; }

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// A DNS name or IPv4 address in labels, or an IPv6 address without its brackets.
bool is_host(std::string_view host) {
    if (host.starts_with('.') || host.ends_with('.') || host.find("..") != host.npos) return false;
    if (std::count(host.begin(), host.end(), ':') >= 2)
        return std::all_of(host.begin(), host.end(), [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
    return std::all_of(host.begin(), host.end(), is_name_character);
}

Result<std::string> percent_decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) return invalid("'%' must be followed by two hexadecimal digits");
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return result;
}

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0)
        return invalid("port must be 1 to 65535");  // not quoted: it may be half of USER:PASSWORD
    return port;
}

/// Splits "host:port" or "[v6]:port"; the port may be missing.
Result<std::pair<std::string_view, std::uint16_t>> split_authority(std::string_view authority) {
    std::string_view host = authority;
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == authority.npos) return invalid("'[' without ']' in the host");
        host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (!port.empty() && !port.starts_with(':')) return invalid("unexpected text after ']'");
    } else if (const auto colon = authority.find(':'); colon != authority.npos) {
        host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    if (port.empty()) return std::pair(host, std::uint16_t{0});
    auto number = parse_port(port.substr(1));
    if (!number) return number.error();
    return std::pair(host, *number);
}

}  // namespace

Result<TargetAddress> make_target_address(std::string_view protocol, std::string_view host,
                                          std::uint16_t port, std::string_view virtual_host) {
    TargetAddress address{lower(protocol), lower(host), port, std::string(virtual_host)};
    const auto known = std::find_if(protocols.begin(), protocols.end(),
                                    [&](const Protocol& p) { return p.name == address.protocol; });
    if (known == protocols.end()) return invalid("protocol must be amqp, amqps, http or https");
    if (address.host.ends_with('.')) address.host.pop_back();
    if (address.host.empty() || address.host.size() > 253)
        return invalid("host must have 1 to 253 characters");
    if (!is_host(address.host))
        return invalid("host must be a name of letters, digits, '-', '_' and single '.', or an IP address");
    if (address.port == 0) address.port = known->default_port;
    if (address.virtual_host.empty()) address.virtual_host = "/";
    if (address.virtual_host.size() > 255) return invalid("virtual host must have at most 255 bytes");
    if (!is_printable_name(address.virtual_host))
        return invalid("virtual host must be printable characters of UTF-8");
    return address;
}

Result<TargetAddress> parse_target_url(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == url.npos) return invalid("must be PROTOCOL://HOST:PORT/VIRTUAL_HOST");
    std::string_view rest = url.substr(scheme_end + 3);
    const auto path_start = rest.find('/');
    const std::string_view authority = rest.substr(0, path_start);
    const std::string_view path = path_start == rest.npos ? "" : rest.substr(path_start + 1);
    if (authority.find('@') != authority.npos)
        return invalid("must hold no user name or password: it identifies, it does not give access");
    if (path.find_first_of("?#") != path.npos) return invalid("must hold neither '?' nor '#'");
    const auto host_port = split_authority(authority);
    if (!host_port) return host_port.error();
    const auto virtual_host = percent_decode(path);
    if (!virtual_host) return virtual_host.error();
    return make_target_address(url.substr(0, scheme_end), host_port->first, host_port->second, *virtual_host);
}

std::string to_url(const TargetAddress& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + address.host + "]" : address.host;
    std::string url = address.protocol + "://" + host + ":" + std::to_string(address.port) + "/";
    if (address.virtual_host == "/") return url;
    for (const char c : address.virtual_host) {
        // These would end the path, be decoded once more, or end a tool's name in a label.
        if (c == '%' || c == '?' || c == '#' || c == '@') {
            constexpr std::string_view digits = "0123456789ABCDEF";
            const auto byte = static_cast<unsigned char>(c);
            url += {'%', digits[byte / 16], digits[byte % 16]};
        } else {
            url += c;
        }
    }
    return url;
}

const Target* TargetTable::find(const TargetAddress& address) const {
    const auto hit = std::find_if(targets_.begin(), targets_.end(), [&](const Target& target) {
        return target.amqp == address || (target.management && *target.management == address);
    });
    return hit == targets_.end() ? nullptr : &*hit;
}

const Target* TargetTable::find_by_id(std::string_view id) const {
    const auto hit =
        std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.id() == id; });
    return hit == targets_.end() ? nullptr : &*hit;
}

const Target* TargetTable::find_by_name(std::string_view name) const {
    const auto hit =
        std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.name == name; });
    return hit == targets_.end() ? nullptr : &*hit;
}

std::string TargetTable::known() const {
    std::string text;
    for (const Target& target : targets_)
        text += (text.empty() ? "" : ", ") + target.name + " (" + target.display_url() + ")";
    return text.empty() ? "none" : text;
}

}  // namespace elasticity
