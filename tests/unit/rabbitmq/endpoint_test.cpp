#include "core/io/rabbitmq/endpoint.hpp"

#include <catch2/catch.hpp>
#include <type_traits>

using namespace elasticity::rabbitmq;

namespace {

template <class T, class = void>
struct IsPrintable : std::false_type {};
template <class T>
struct IsPrintable<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>>
    : std::true_type {};

static_assert(IsPrintable<std::string>::value, "the check itself must be able to say yes");
static_assert(!IsPrintable<Secret>::value, "a secret must not be printable");

/// One line for comparison: user, password, host, port, virtual host, TLS; or the error.
std::string parsed(const std::string& url) {
    const auto endpoint = parse_amqp_url(url);
    if (endpoint.has_error()) return endpoint.error().message;
    return endpoint->username + "|" + endpoint->password.reveal() + "|" + endpoint->host + "|" +
           std::to_string(endpoint->port) + "|" + endpoint->virtual_host + (endpoint->tls ? "|tls" : "");
}

}  // namespace

TEST_CASE("endpoint: an AMQP URL is read with its defaults and percent-encoding") {
    const auto [url, expected] = GENERATE(table<std::string, std::string>({
        {"amqp://h", "guest|guest|h|5672|/"},
        {"amqps://h", "guest|guest|h|5671|/|tls"},
        {"amqp://h:1234", "guest|guest|h|1234|/"},
        {"amqp://h/", "guest|guest|h|5672|"},
        {"amqp://h/prod", "guest|guest|h|5672|prod"},
        {"amqp://h/%2F", "guest|guest|h|5672|/"},
        {"amqp://h/%2fa%2Fb", "guest|guest|h|5672|/a/b"},
        {"amqp://u:p@h:1/v", "u|p|h|1|v"},
        {"amqp://u@h", "u||h|5672|/"},
        {"amqp://u:p%40%3a%2F%25%20%C3%BC@h/v", "u|p@:/% \xC3\xBC|h|5672|v"},
        {"amqp://u:a@b@h", "u|a@b|h|5672|/"},
        {"amqp://u:a:b@h", "u|a:b|h|5672|/"},
        {"amqp://[::1]:5673/v", "guest|guest|::1|5673|v"},
        {"amqp://[::1]", "guest|guest|::1|5672|/"},
    }));
    CHECK(parsed(url) == expected);
}

TEST_CASE("endpoint: a wrong URL is refused, and the text does not repeat it") {
    const auto [url, expected] = GENERATE(table<std::string, std::string>({
        {"", "AMQP URL: must begin with amqp:// or amqps://"},
        {"http://secret@h", "AMQP URL: must begin with amqp:// or amqps://"},
        {"amqp://", "AMQP URL: host: must not be empty"},
        {"amqp://u:secret@", "AMQP URL: host: must not be empty"},
        {"amqp://u:secret%4@h", "AMQP URL: password: '%' must be followed by two hex digits"},
        {"amqp://u:secret%zz@h", "AMQP URL: password: '%' must be followed by two hex digits"},
        {"amqp://u:secret%00@h", "AMQP URL: password: must not contain %00"},
        {"amqp://h:0", "AMQP URL: port: must be 1 to 65535"},
        {"amqp://h:65536", "AMQP URL: port: must be 1 to 65535"},
        {"amqp://h:", "AMQP URL: port: must be 1 to 65535"},
        {"amqp://h:5672x", "AMQP URL: port: must be 1 to 65535"},
        {"amqp://[::1", "AMQP URL: host: '[' without ']'"},
        {"amqp://a%2Fb",
         "AMQP URL: host: must be a name of letters, digits, '-', '_' and '.', or an IP address"},
        {"amqp://[::1]x", "AMQP URL: host: only a port may follow ']'"},
        {"amqp://h/a/b", "AMQP URL: virtual host: a '/' in the name is written %2F"},
        {"amqp://u:p?secret@h",
         "AMQP URL: must have neither query nor fragment; in a name or password '?' is %3F "
         "and '#' is %23"},
    }));
    CHECK(parsed(url) == expected);
    CHECK(parsed(url).find("secret") == std::string::npos);
}

TEST_CASE("endpoint: the text form has no credentials") {
    CHECK(to_text(*parse_amqp_url("amqp://u:p@h:1/a%2Fb")) == "amqp://h:1/a%2Fb");
    CHECK(to_text(*parse_amqp_url("amqps://u:p@[::1]/%2F")) == "amqps://[::1]:5671/%2F");
}

TEST_CASE("endpoint: every byte that is not unreserved is percent-encoded") {
    CHECK(percent_encode("a-Z_0.~") == "a-Z_0.~");
    CHECK(percent_encode("/ %\xC3\xBC") == "%2F%20%25%C3%BC");
}
