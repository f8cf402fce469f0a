#include "core/io/rabbitmq/message_assembler.hpp"

#include <utility>

#include "core/io/rabbitmq/connection.hpp"

namespace elasticity::rabbitmq {

std::optional<Delivery> MessageAssembler::take(const amqp_frame_t& frame) {
    switch (frame.frame_type) {
        case AMQP_FRAME_METHOD:
            begin(frame.payload.method);
            return std::nullopt;
        case AMQP_FRAME_HEADER: {
            const auto& header = frame.payload.properties;
            if (!open_ || header.class_id != AMQP_BASIC_CLASS) return std::nullopt;
            take_header(header.body_size, *static_cast<const amqp_basic_properties_t*>(header.decoded));
            return finish_when_whole();
        }
        case AMQP_FRAME_BODY: {
            if (!open_ || !has_header_) return std::nullopt;
            const amqp_bytes_t part = frame.payload.body_fragment;
            if (!delivery_.too_large) delivery_.body.append(static_cast<const char*>(part.bytes), part.len);
            bytes_left_ -= part.len < bytes_left_ ? part.len : bytes_left_;
            return finish_when_whole();
        }
        default:
            return std::nullopt;
    }
}

void MessageAssembler::begin(const amqp_method_t& method) {
    if (method.id != AMQP_BASIC_DELIVER_METHOD && method.id != AMQP_BASIC_RETURN_METHOD) return;
    open_ = true;
    has_header_ = false;
    delivery_ = Delivery();
    if (method.id == AMQP_BASIC_DELIVER_METHOD) {
        const auto* deliver = static_cast<const amqp_basic_deliver_t*>(method.decoded);
        delivery_.tag = deliver->delivery_tag;
        delivery_.redelivered = deliver->redelivered != 0;
        delivery_.routing_key = text_of(deliver->routing_key);
    } else {
        delivery_.routing_key = text_of(static_cast<const amqp_basic_return_t*>(method.decoded)->routing_key);
    }
}

void MessageAssembler::take_header(uint64_t body_bytes, const amqp_basic_properties_t& properties) {
    const auto text = [&](amqp_flags_t flag, amqp_bytes_t value) {
        return (properties._flags & flag) != 0 ? text_of(value) : std::string();
    };
    has_header_ = true;
    bytes_left_ = body_bytes;
    delivery_.body_bytes = body_bytes;
    delivery_.too_large = body_bytes > body_bytes_max_;
    delivery_.message_id = text(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id);
    delivery_.correlation_id = text(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id);
    delivery_.reply_to = text(AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to);
    delivery_.content_type = text(AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type);
    delivery_.content_encoding = text(AMQP_BASIC_CONTENT_ENCODING_FLAG, properties.content_encoding);
    delivery_.user_id = text(AMQP_BASIC_USER_ID_FLAG, properties.user_id);
    if (!delivery_.too_large) delivery_.body.reserve(static_cast<size_t>(body_bytes));
}

std::optional<Delivery> MessageAssembler::finish_when_whole() {
    if (bytes_left_ > 0) return std::nullopt;
    open_ = false;
    return std::move(delivery_);
}

}  // namespace elasticity::rabbitmq
