#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/io/rabbitmq/session.hpp"

namespace elasticity::rabbitmq {

struct OutboundMessage {
    int64_t id = 0;     ///< the outbox's: grows with every message
    std::string queue;  ///< routing key on the default exchange
    std::string body;
    std::string content_type = "application/json";
    std::string message_id;      ///< left out when over 255 bytes, as AMQP cannot carry it
    std::string correlation_id;  ///< likewise
    std::string reply_to;        ///< likewise
    std::optional<uint64_t> expiration_ms;
    std::map<std::string, std::string> headers;
    /// The queue is ours: when it is gone it is declared again (durable, no arguments) and the message
    /// published again. Without it a message for a missing queue is forgotten, as with a client's `reply_to`.
    bool mandatory = false;
};

/// Where messages wait until the broker has confirmed them. Called on the publisher's thread.
struct OutboxSource {
    /// The first `limit` messages with an id above `after_id`, in order of id.
    std::function<Result<std::vector<OutboundMessage>>(int64_t after_id, size_t limit)> fetch;
    /// Forgets confirmed messages. When it fails they are given again later.
    std::function<Result<void>(std::span<const int64_t> ids)> remove;
};

struct PublisherSettings {
    std::vector<std::string> queues;  ///< declared on every connect: durable, without arguments
    size_t window = 256;              ///< messages in flight, not yet confirmed
    size_t fetch_max = 1024;          ///< messages taken from the source at a time
    /// For how long the source is left alone after each fetch: a lone message goes out at once, those of a burst
    /// together, in few transactions and when the burst is over. With `fetch_max` it bounds the rate (10,000/s).
    std::chrono::milliseconds pause{100};
};

/// Publishes an outbox with publisher confirms, on its own thread and connection. At least once: what was
/// not confirmed before a connection broke is published again.
class Publisher {
public:
    Publisher(SessionSettings session, PublisherSettings settings, OutboxSource source);
    ~Publisher();

    void start();
    /// Does not wait for confirms: what is open stays in the outbox.
    void stop();
    /// The outbox has something new. Any thread.
    void notify();

private:
    class Sender;
    std::unique_ptr<Sender> sender_;
};

}  // namespace elasticity::rabbitmq
