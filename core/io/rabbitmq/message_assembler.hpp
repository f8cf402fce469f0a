#pragma once
#include <amqp.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/io/rabbitmq/delivery.hpp"

namespace elasticity::rabbitmq {

/// Puts the messages of one channel together from their frames (deliver or return, header, bodies).
///
/// `amqp_read_message` would hold a whole body in memory however large it is; here a body over the limit is
/// discarded frame by frame. Everything is copied: the frame may be released after each call.
class MessageAssembler {
public:
    explicit MessageAssembler(size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

    /// The whole message, once its last frame came. Frames of no message are ignored.
    std::optional<Delivery> take(const amqp_frame_t& frame);

private:
    void begin(const amqp_method_t& method);
    void take_header(uint64_t body_bytes, const amqp_basic_properties_t& properties);
    std::optional<Delivery> finish_when_whole();

    size_t body_bytes_max_;
    bool open_ = false;
    bool has_header_ = false;
    uint64_t bytes_left_ = 0;
    Delivery delivery_;
};

}  // namespace elasticity::rabbitmq
