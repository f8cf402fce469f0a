#include "core/io/rabbitmq/reply_queue.hpp"

#include <utility>

#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/message_assembler.hpp"

namespace elasticity::rabbitmq {
namespace {

constexpr size_t reply_bytes_max = 16 * 1024 * 1024;

Result<std::string> declare_reply_queue(Connection& connection) {
    amqp_queue_declare_t declare{};
    declare.exclusive = 1;
    declare.auto_delete = 1;
    auto answer =
        connection.call(main_channel, AMQP_QUEUE_DECLARE_METHOD, AMQP_QUEUE_DECLARE_OK_METHOD, &declare);
    if (answer.has_error()) return answer.error();
    return text_of(static_cast<const amqp_queue_declare_ok_t*>(*answer)->queue);
}

}  // namespace

Result<ReplyQueue> ReplyQueue::open(Connection& connection) {
    if (auto opened = connection.open_channel(main_channel); opened.has_error()) return opened.error();
    auto name = declare_reply_queue(connection);
    if (name.has_error()) return name.error();
    amqp_basic_consume_t consume{};
    consume.queue = view_of(*name);
    consume.no_ack = 1;
    consume.exclusive = 1;
    auto answer =
        connection.call(main_channel, AMQP_BASIC_CONSUME_METHOD, AMQP_BASIC_CONSUME_OK_METHOD, &consume);
    if (answer.has_error()) return answer.error();
    return ReplyQueue(connection, *name);
}

ReplyQueue::ReplyQueue(Connection& connection, std::string name)
    : connection_(&connection),
      name_(std::move(name)),
      assembler_(std::make_unique<MessageAssembler>(reply_bytes_max)) {}

ReplyQueue::ReplyQueue(ReplyQueue&&) noexcept = default;
ReplyQueue::~ReplyQueue() = default;

Result<std::optional<Delivery>> ReplyQueue::wait(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        amqp_frame_t frame{};
        auto outcome = connection_->wait_frame(frame, left, nullptr);
        if (outcome.has_error()) return outcome.error();
        if (*outcome != WaitOutcome::frame) return std::optional<Delivery>();
        if (auto closed = connection_->closed_by(frame)) return *closed;
        auto delivery = assembler_->take(frame);
        connection_->release(frame.channel);
        if (delivery) return delivery;
    }
}

}  // namespace elasticity::rabbitmq
