#include "broker.hpp"

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <poll.h>

#include <stdexcept>
#include <vector>

namespace example {
namespace {

constexpr amqp_channel_t jobs_channel = 1;
constexpr amqp_channel_t results_channel = 2;
constexpr int heartbeat_s = 60;
constexpr timeval connect_timeout = {10, 0};
constexpr timeval no_wait = {0, 0};
constexpr int frame_bytes_max = 131072;
constexpr const char* consumer_tag = "worker";

amqp_bytes_t as_bytes(const std::string& text) {
    return {text.size(), const_cast<char*>(text.data())};
}

std::string as_string(amqp_bytes_t bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

void check_status(int status, const char* what) {
    if (status != AMQP_STATUS_OK) {
        throw std::runtime_error(std::string(what) + ": " + amqp_error_string2(status));
    }
}

std::string reason_of(const amqp_rpc_reply_t& reply) {
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        return amqp_error_string2(reply.library_error);
    }
    if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        return as_string(static_cast<amqp_channel_close_t*>(reply.reply.decoded)->reply_text);
    }
    if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        return as_string(static_cast<amqp_connection_close_t*>(reply.reply.decoded)->reply_text);
    }
    return "unexpected answer";
}

void check(const amqp_rpc_reply_t& reply, const char* what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        throw std::runtime_error(std::string(what) + ": " + reason_of(reply));
    }
}

amqp_socket_t* make_socket(amqp_connection_state_t connection, bool use_tls, const std::string& ca_file) {
    if (!use_tls) {
        return amqp_tcp_socket_new(connection);
    }
    amqp_socket_t* socket = amqp_ssl_socket_new(connection);
    if (socket != nullptr) {
        check_status(amqp_ssl_socket_set_cacert(socket, ca_file.c_str()), ca_file.c_str());
    }
    return socket;
}

}  // namespace

void Broker::Close::operator()(amqp_connection_state_t_* connection) const {
    amqp_destroy_connection(connection);
}

Broker::Broker(const BrokerSettings& settings)
    : connection_(amqp_new_connection()), results_queue_(settings.results_queue) {
    connect(settings);
    open_channel(jobs_channel);
    if (!results_queue_.empty()) {
        open_channel(results_channel);
        amqp_confirm_select(connection_.get(), results_channel);
        check_reply("confirm.select");
    }
    declare_queues(settings);
    // One at a time: whatever this worker does not hold, another one can take.
    amqp_basic_qos(connection_.get(), jobs_channel, 0, 1, 0);
    check_reply("basic.qos");
    amqp_basic_consume(connection_.get(), jobs_channel, as_bytes(settings.queue),
                       amqp_cstring_bytes(consumer_tag), 0, 0, 0, amqp_empty_table);
    check_reply("basic.consume");
}

void Broker::connect(const BrokerSettings& settings) {
    // amqp_parse_url() writes into the text, and its answer points there.
    std::vector<char> uri(settings.uri.c_str(), settings.uri.c_str() + settings.uri.size() + 1);
    amqp_connection_info info;
    amqp_default_connection_info(&info);
    check_status(amqp_parse_url(uri.data(), &info), "RABBITMQ_URI");
    const char* virtual_host = settings.virtual_host.empty() ? info.vhost : settings.virtual_host.c_str();
    amqp_socket_t* socket = make_socket(connection_.get(), info.ssl != 0, settings.ca_file);
    if (socket == nullptr) {
        throw std::runtime_error("cannot make a socket");
    }
    check_status(amqp_socket_open_noblock(socket, info.host, info.port, &connect_timeout), "connect");
    check(amqp_login(connection_.get(), virtual_host, 0, frame_bytes_max, heartbeat_s, AMQP_SASL_METHOD_PLAIN,
                     info.user, info.password),
          "log-in");
}

void Broker::open_channel(std::uint16_t channel) {
    amqp_channel_open(connection_.get(), channel);
    check_reply("channel.open");
}

void Broker::declare_queues(const BrokerSettings& settings) {
    auto* connection = connection_.get();
    const amqp_bytes_t queue = as_bytes(settings.queue);
    amqp_queue_declare(connection, jobs_channel, queue, 0, 1, 0, 0, amqp_empty_table);
    check_reply("declaring the queue");
    if (!settings.exchange.empty()) {
        const amqp_bytes_t exchange = as_bytes(settings.exchange);
        amqp_exchange_declare(connection, jobs_channel, exchange, amqp_cstring_bytes("topic"), 0, 1, 0, 0,
                              amqp_empty_table);
        check_reply("declaring the exchange");
        amqp_queue_bind(connection, jobs_channel, queue, exchange, queue, amqp_empty_table);
        check_reply("binding the queue");
    }
    if (!results_queue_.empty()) {
        amqp_queue_declare(connection, jobs_channel, as_bytes(results_queue_), 0, 1, 0, 0, amqp_empty_table);
        check_reply("declaring the results queue");
    }
}

std::optional<Delivery> Broker::next(int stop_descriptor) {
    while (!is_stopped_while_idle(stop_descriptor)) {
        amqp_maybe_release_buffers(connection_.get());
        amqp_envelope_t envelope;
        const amqp_rpc_reply_t reply = amqp_consume_message(connection_.get(), &envelope, &no_wait, 0);
        if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
            Delivery delivery{envelope.delivery_tag, as_string(envelope.message.body)};
            amqp_destroy_envelope(&envelope);
            return delivery;
        }
        const bool is_idle =
            reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT;
        if (!is_idle) {
            check(reply, "waiting for a message");
        }
    }
    return std::nullopt;
}

/// Waits for the broker or the signal. Wakes twice a heartbeat: the library sends it only when it is called.
bool Broker::is_stopped_while_idle(int stop_descriptor) {
    auto* connection = connection_.get();
    const bool has_input = amqp_frames_enqueued(connection) != 0 || amqp_data_in_buffer(connection) != 0;
    pollfd descriptors[] = {{stop_descriptor, POLLIN, 0}, {amqp_get_sockfd(connection), POLLIN, 0}};
    if (poll(descriptors, 2, has_input ? 0 : heartbeat_s * 1000 / 2) < 0) {
        throw std::runtime_error("poll failed");
    }
    return descriptors[0].revents != 0;
}

void Broker::acknowledge(const Delivery& delivery) {
    check_status(amqp_basic_ack(connection_.get(), jobs_channel, delivery.tag, 0), "basic.ack");
}

void Broker::reject(const Delivery& delivery) {
    check_status(amqp_basic_reject(connection_.get(), jobs_channel, delivery.tag, 0), "basic.reject");
}

void Broker::publish_result(const std::string& text) {
    if (results_queue_.empty()) {
        return;
    }
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.content_type = amqp_cstring_bytes("application/json");
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    const int status = amqp_basic_publish(connection_.get(), results_channel, amqp_empty_bytes,
                                          as_bytes(results_queue_), 0, 0, &properties, as_bytes(text));
    check_status(status, "publishing the result");
    await_confirm();
}

void Broker::await_confirm() {
    // No job can arrive in between: the one in hand is not acknowledged, and the prefetch is one.
    amqp_frame_t frame;
    check_status(amqp_simple_wait_frame(connection_.get(), &frame), "waiting for the confirm");
    const bool is_confirmed = frame.channel == results_channel && frame.frame_type == AMQP_FRAME_METHOD &&
                              frame.payload.method.id == AMQP_BASIC_ACK_METHOD;
    if (!is_confirmed) {
        throw std::runtime_error("RabbitMQ did not take the result");
    }
}

void Broker::stop_consuming() {
    amqp_basic_cancel(connection_.get(), jobs_channel, amqp_cstring_bytes(consumer_tag));
    check_reply("basic.cancel");
}

void Broker::close() {
    // Closing in good order is what makes sure that the last acknowledgement has arrived.
    check(amqp_connection_close(connection_.get(), AMQP_REPLY_SUCCESS), "closing the connection");
}

void Broker::check_reply(const char* what) {
    check(amqp_get_rpc_reply(connection_.get()), what);
}

}  // namespace example
