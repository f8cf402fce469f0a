#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/io/rabbitmq/publisher.hpp"
#include "core/model/error.hpp"

namespace elasticity::rabbitmq {

class Connection;

struct QueueBinding {
    std::string exchange;
    std::vector<std::string> routing_keys;
};

enum class QueueDelete { if_empty, always };

struct DeclaredQueue {
    uint32_t messages = 0;
    uint32_t consumers = 0;
};

// Each of these opens a channel of its own on the caller's connection and closes it again, so that a refusal
// costs the caller nothing. They wait for the broker: at most the endpoint's `connect_timeout` a step.

/// Declares a durable queue without arguments, and its bindings. An exchange is never declared: a missing
/// one is `not_found`. A queue that exists with other arguments is `conflict` and names the difference.
Result<DeclaredQueue> declare_queue(Connection& connection, const std::string& queue,
                                    const std::vector<QueueBinding>& bindings = {});

/// Succeeds when it is already gone; `conflict` when it should be empty and is not.
Result<void> delete_queue(Connection& connection, const std::string& queue, QueueDelete when);

/// Waiting messages and consumers; `not_found` without the queue.
Result<DeclaredQueue> queue_counts(Connection& connection, const std::string& queue);

/// Publishes and waits for the broker's confirm. `not_found`: there is no such queue (always checked).
Result<void> publish_confirmed(Connection& connection, const OutboundMessage& message,
                               std::chrono::milliseconds timeout);

}  // namespace elasticity::rabbitmq
