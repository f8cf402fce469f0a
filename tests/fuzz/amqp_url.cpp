#include "core/io/rabbitmq/endpoint.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace elasticity::rabbitmq;
using elasticity::fuzz::require;

void fuzz_one(std::string_view input) {
    const auto endpoint = parse_amqp_url(input);
    if (!endpoint) {
        const bool has_login = input.find('@') != std::string_view::npos;
        require(!has_login || endpoint.error().message.find(input) == std::string::npos,
                "an error does not repeat a URL that holds a login");
        return;
    }
    const auto again = parse_amqp_url(to_text(*endpoint));
    require(again.has_value(), "what is shown of an endpoint is a URL");
    require(again->host == endpoint->host, "the host is shown as it is");
    require(again->port == endpoint->port, "the port is shown as it is");
    require(again->virtual_host == endpoint->virtual_host, "the virtual host is shown as it is");
}
