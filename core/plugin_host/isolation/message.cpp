#include "core/plugin_host/isolation/message.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace elasticity {
namespace json = boost::json;
namespace {

// In the order of WireMessage::Kind.
constexpr std::array<std::string_view, 8> kinds = {"hello",     "call", "cancel", "result",
                                                   "instances", "log",  "secret", "resolved"};

Error no_message(const std::string& what) { return {ErrorKind::invalid, "no message: " + what}; }

}  // namespace

std::string to_text(const WireMessage& message) {
    const std::string_view kind = kinds[static_cast<std::size_t>(message.kind)];
    return json::serialize(json::object{{"kind", kind}, {"id", message.id}, {"body", message.body}});
}

Result<WireMessage> to_message(std::string_view text) {
    json::parse_options options;
    options.max_depth = 32;
    options.allow_invalid_utf8 = true;
    json::error_code failed;
    json::value parsed = json::parse(text, failed, {}, options);
    if (failed || !parsed.is_object()) return no_message("a JSON object was wanted");
    json::object& object = parsed.get_object();
    const json::value* kind = object.if_contains("kind");
    const auto known = kind && kind->is_string()
                           ? std::find(kinds.begin(), kinds.end(), std::string_view(kind->get_string()))
                           : kinds.end();
    if (known == kinds.end()) return no_message("its kind is unknown");
    const json::value* id = object.if_contains("id");
    if (!id || !(id->is_uint64() || (id->is_int64() && id->get_int64() >= 0)))
        return no_message("its id must be a number from 0");
    json::value* body = object.if_contains("body");
    if (!body || !body->is_object()) return no_message("its body must be an object");
    return WireMessage{static_cast<WireMessage::Kind>(known - kinds.begin()), id->to_number<std::uint64_t>(),
                   std::move(body->get_object())};
}

}  // namespace elasticity
