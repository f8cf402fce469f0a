#include "core/io/rabbitmq/queue_admin.hpp"

#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/message_assembler.hpp"
#include "core/io/rabbitmq/message_encoder.hpp"

namespace elasticity::rabbitmq {
namespace {

/// Runs `work` on a channel that is closed afterwards. A refusal has closed it already.
template <class Work>
auto on_admin_channel(Connection& connection, Work work) -> decltype(work()) {
    if (auto opened = connection.open_channel(admin_channel); opened.has_error()) return opened.error();
    auto result = work();
    if (result.has_error()) return result;
    if (auto closed = connection.close_channel(admin_channel); closed.has_error()) return closed.error();
    return result;
}

Result<void> check_name(const std::string& queue) {
    if (!queue.empty() && queue.size() <= short_text_bytes_max) return {};
    return Error{ErrorKind::invalid,
                 "queue name: must be 1 to 255 bytes, got " + std::to_string(queue.size()) + " bytes"};
}

Result<DeclaredQueue> declare(Connection& connection, const std::string& queue, bool passive) {
    amqp_queue_declare_t declare{};
    declare.queue = view_of(queue);
    declare.passive = passive;
    declare.durable = 1;
    auto answer =
        connection.call(admin_channel, AMQP_QUEUE_DECLARE_METHOD, AMQP_QUEUE_DECLARE_OK_METHOD, &declare);
    if (answer.has_error()) return answer.error();
    const auto* counts = static_cast<const amqp_queue_declare_ok_t*>(*answer);
    return DeclaredQueue{counts->message_count, counts->consumer_count};
}

Result<void> bind(Connection& connection, const std::string& queue, const std::string& exchange,
                  const std::string& routing_key) {
    amqp_queue_bind_t bind{};
    bind.queue = view_of(queue);
    bind.exchange = view_of(exchange);
    bind.routing_key = view_of(routing_key);
    auto answer = connection.call(admin_channel, AMQP_QUEUE_BIND_METHOD, AMQP_QUEUE_BIND_OK_METHOD, &bind);
    if (answer.has_error()) return answer.error();
    return {};
}

Result<void> wait_for_confirm(Connection& connection, const std::string& queue,
                              std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    bool returned = false;
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        amqp_frame_t frame{};
        auto outcome = connection.wait_frame(frame, left, nullptr);
        if (outcome.has_error()) return outcome.error();
        if (*outcome != WaitOutcome::frame) {
            return Error{ErrorKind::unavailable, connection.name() + ": no confirm within " +
                                                     std::to_string(timeout.count()) + " ms"};
        }
        if (auto closed = connection.closed_by(frame)) return *closed;
        if (frame.frame_type != AMQP_FRAME_METHOD) continue;
        switch (frame.payload.method.id) {
            case AMQP_BASIC_RETURN_METHOD:
                returned = true;
                break;
            case AMQP_BASIC_NACK_METHOD:
                return Error{ErrorKind::unavailable,
                             connection.name() + ": the broker did not take the message"};
            case AMQP_BASIC_ACK_METHOD:
                if (!returned) return {};
                return Error{ErrorKind::not_found, connection.name() + ": no queue '" + queue + "'"};
            default:
                break;
        }
    }
}

}  // namespace

Result<DeclaredQueue> declare_queue(Connection& connection, const std::string& queue,
                                    const std::vector<QueueBinding>& bindings) {
    if (auto named = check_name(queue); named.has_error()) return named.error();
    return on_admin_channel(connection, [&]() -> Result<DeclaredQueue> {
        auto declared = declare(connection, queue, false);
        if (declared.has_error()) return declared;
        for (const QueueBinding& binding : bindings) {
            for (const std::string& routing_key : binding.routing_keys) {
                auto bound = bind(connection, queue, binding.exchange, routing_key);
                if (bound.has_error()) return bound.error();
            }
        }
        return declared;
    });
}

Result<void> delete_queue(Connection& connection, const std::string& queue, QueueDelete when) {
    if (auto named = check_name(queue); named.has_error()) return named;
    return on_admin_channel(connection, [&]() -> Result<void> {
        amqp_queue_delete_t remove{};
        remove.queue = view_of(queue);
        remove.if_empty = when == QueueDelete::if_empty;
        auto answer =
            connection.call(admin_channel, AMQP_QUEUE_DELETE_METHOD, AMQP_QUEUE_DELETE_OK_METHOD, &remove);
        if (answer.has_error()) return answer.error();
        return {};
    });
}

Result<DeclaredQueue> queue_counts(Connection& connection, const std::string& queue) {
    if (auto named = check_name(queue); named.has_error()) return named.error();
    return on_admin_channel(connection, [&] { return declare(connection, queue, true); });
}

Result<void> publish_confirmed(Connection& connection, const OutboundMessage& message,
                               std::chrono::milliseconds timeout) {
    if (auto named = check_name(message.queue); named.has_error()) return named;
    return on_admin_channel(connection, [&]() -> Result<void> {
        amqp_confirm_select_t select{};
        auto selected = connection.call(admin_channel, AMQP_CONFIRM_SELECT_METHOD,
                                        AMQP_CONFIRM_SELECT_OK_METHOD, &select);
        if (selected.has_error()) return selected.error();
        auto sent = send_message(connection, admin_channel, message, true);
        if (sent.has_error()) return sent;
        return wait_for_confirm(connection, message.queue, timeout);
    });
}

}  // namespace elasticity::rabbitmq
