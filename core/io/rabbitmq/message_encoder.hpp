#pragma once
#include <amqp.h>

#include "core/io/rabbitmq/publisher.hpp"

namespace elasticity::rabbitmq {

class Connection;

/// The longest queue name and id that AMQP can carry.
constexpr size_t short_text_bytes_max = 255;

/// Sends one persistent message to the default exchange; the confirm comes later. An id over
/// `short_text_bytes_max` is left out. `message.queue` must be short enough.
Result<void> send_message(Connection& connection, amqp_channel_t channel, const OutboundMessage& message,
                          bool mandatory);

}  // namespace elasticity::rabbitmq
