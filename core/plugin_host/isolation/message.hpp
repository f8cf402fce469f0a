#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/error.hpp"

namespace elasticity {

/// Both ends must say the same number. They are the same program, so that it changes with any change of a message.
inline constexpr std::uint64_t isolation_protocol = 1;

/// What the daemon and a plugin's process say to each other, one a frame, as JSON.
struct WireMessage {
    enum class Kind {
        hello,      ///< both: the first message; its id is the protocol
        call,       ///< daemon: {what, deadline_mono_ns, request_id, attempt, arguments}
        cancel,     ///< daemon: the call with this id is to return soon
        result,     ///< plugin: the end of a call: {value} or {error}
        instances,  ///< plugin: a part of a list, before its result: {items}
        log,        ///< plugin: {level, message, fields}; belongs to no call
        secret,     ///< plugin: the call needs {reference}, and waits for it
        resolved,   ///< daemon: the answer: {value} or {error}
    };

    Kind kind = Kind::hello;
    std::uint64_t id = 0;  ///< of the call
    boost::json::object body;
};

std::string to_text(const WireMessage& message);

/// Untrusted: a plugin may have written over the memory of its process. Texts within may be invalid UTF-8, since a
/// secret is bytes.
Result<WireMessage> to_message(std::string_view text);

}  // namespace elasticity
