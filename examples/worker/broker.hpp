#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct amqp_connection_state_t_;

namespace example {

/// What the environment tells a worker: RABBITMQ_URI, RABBITMQ_QUEUE and the optional rest.
struct BrokerSettings {
    std::string uri;
    std::string queue;
    std::string virtual_host;   ///< empty: the one of the URI
    std::string exchange;       ///< empty: the queue is bound to none
    std::string results_queue;  ///< empty: results are not published
    std::string ca_file;        ///< trusted for amqps://
};

struct Delivery {
    std::uint64_t tag = 0;
    std::string body;
};

/// One connection to RabbitMQ that consumes a queue, a message at a time. One thread's property. Every
/// failure throws std::runtime_error: the process ends, RabbitMQ delivers the message to another worker.
class Broker {
public:
    explicit Broker(const BrokerSettings& settings);

    /// The next message, or nothing after `stop_descriptor` became readable.
    std::optional<Delivery> next(int stop_descriptor);
    void acknowledge(const Delivery& delivery);
    /// For what no worker can handle: it is not delivered again.
    void reject(const Delivery& delivery);
    /// Persistent; returns once RabbitMQ has confirmed that it holds the text.
    void publish_result(const std::string& text);
    /// No message is delivered any more. What was delivered may still be acknowledged.
    void stop_consuming();
    void close();

private:
    struct Close {
        void operator()(amqp_connection_state_t_* connection) const;
    };

    void connect(const BrokerSettings& settings);
    void open_channel(std::uint16_t channel);
    void declare_queues(const BrokerSettings& settings);
    void await_confirm();
    bool is_stopped_while_idle(int stop_descriptor);
    void check_reply(const char* what);

    std::unique_ptr<amqp_connection_state_t_, Close> connection_;
    std::string results_queue_;
};

}  // namespace example
