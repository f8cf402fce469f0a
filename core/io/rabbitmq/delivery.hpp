#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace elasticity::rabbitmq {

/// A message as the broker delivered it. Every text is the sender's and untrusted.
struct Delivery {
    std::string body;  ///< raw bytes; empty when `too_large`
    uint64_t body_bytes = 0;
    bool too_large = false;  ///< the body was over the limit and was discarded while it was read
    bool redelivered = false;
    std::string message_id;
    std::string correlation_id;
    std::string reply_to;
    std::string content_type;
    std::string content_encoding;
    std::string user_id;  ///< checked by the broker when set
    std::string routing_key;
    uint64_t tag = 0;
};

}  // namespace elasticity::rabbitmq
