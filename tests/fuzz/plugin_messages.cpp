#include <boost/json.hpp>

#include "core/plugin_host/isolation/frame.hpp"
#include "core/plugin_host/isolation/message.hpp"
#include "core/plugin_host/isolation/values.hpp"
#include "sdk/host/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace elasticity;
using elasticity::fuzz::require;

namespace {

void read_instance(const boost::json::value& value) {
    const auto instance = to_instance(value);
    if (!instance) return;
    for (const std::string* text : {&instance->key, &instance->name, &instance->error, &instance->detail})
        require(*text == sdk::valid_utf8(*text), "texts of an instance are valid UTF-8");
    const auto again = to_instance(to_json(*instance));
    require(again && *again == *instance, "an instance is read as it was written");
}

void read_message(const std::string& payload) {
    const auto message = to_message(payload);
    if (!message) return;
    const auto again = to_message(to_text(*message));
    require(again && again->kind == message->kind && again->id == message->id, "a message is read as it was written");
    read_instance(message->body);
    if (const auto error = to_host_error(message->body)) require(error->code != ELS_OK, "an error is never OK");
    (void)to_log_line(message->body);
    (void)to_spec(message->body);
}

/// The payloads of a stream that comes in pieces of `step` bytes.
std::vector<std::string> payloads_of(std::string_view stream, std::size_t step) {
    FrameReader reader;
    std::vector<std::string> payloads;
    while (!stream.empty()) {
        reader.feed(stream.substr(0, step));
        stream.remove_prefix(std::min(step, stream.size()));
        for (auto next = reader.next(); next && *next; next = reader.next()) {
            require(!(*next)->empty() && (*next)->size() <= frame_bytes_max, "a payload has 1 byte to 1 MiB");
            payloads.push_back(**next);
        }
    }
    return payloads;
}

}  // namespace

void fuzz_one(std::string_view input) {
    const std::vector<std::string> payloads = payloads_of(input, input.size() + 1);
    require(payloads == payloads_of(input, 3), "where a stream is cut changes nothing");
    for (const std::string& payload : payloads) read_message(payload);
    read_message(std::string(input));  // Without a frame, which a mutation seldom keeps whole.
}
