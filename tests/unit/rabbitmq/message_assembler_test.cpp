#include "core/io/rabbitmq/message_assembler.hpp"

#include <catch2/catch.hpp>

#include "core/io/rabbitmq/connection.hpp"

using namespace elasticity::rabbitmq;

namespace {

/// Feeds frames as rabbitmq-c would deliver them.
class Frames {
public:
    explicit Frames(size_t body_bytes_max) : assembler_(body_bytes_max) {}

    void deliver(uint64_t tag, bool redelivered = false) {
        amqp_basic_deliver_t deliver{};
        deliver.delivery_tag = tag;
        deliver.redelivered = redelivered;
        amqp_frame_t frame{};
        frame.frame_type = AMQP_FRAME_METHOD;
        frame.payload.method = {AMQP_BASIC_DELIVER_METHOD, &deliver};
        CHECK_FALSE(assembler_.take(frame));
    }

    std::optional<Delivery> header(uint64_t body_bytes, const std::string& message_id = "") {
        amqp_basic_properties_t properties{};
        if (!message_id.empty()) properties._flags = AMQP_BASIC_MESSAGE_ID_FLAG;
        properties.message_id = view_of(message_id);
        amqp_frame_t frame{};
        frame.frame_type = AMQP_FRAME_HEADER;
        frame.payload.properties.class_id = AMQP_BASIC_CLASS;
        frame.payload.properties.body_size = body_bytes;
        frame.payload.properties.decoded = &properties;
        return assembler_.take(frame);
    }

    std::optional<Delivery> body(const std::string& part) {
        amqp_frame_t frame{};
        frame.frame_type = AMQP_FRAME_BODY;
        frame.payload.body_fragment = view_of(part);
        return assembler_.take(frame);
    }

private:
    MessageAssembler assembler_;
};

}  // namespace

TEST_CASE("assembler: a message is whole with its last frame") {
    Frames frames(100);
    frames.deliver(7, true);
    CHECK_FALSE(frames.header(5, "id"));
    CHECK_FALSE(frames.body("ab"));
    const auto delivery = frames.body("cde");
    REQUIRE(delivery);
    CHECK(delivery->body == "abcde");
    CHECK(delivery->tag == 7);
    CHECK(delivery->redelivered);
    CHECK(delivery->message_id == "id");
    CHECK(delivery->reply_to.empty());
}

TEST_CASE("assembler: a message without body is whole with its header") {
    Frames frames(100);
    frames.deliver(1);
    CHECK(frames.header(0));
}

TEST_CASE("assembler: a body over the limit is not kept, its size is, and the next message is unharmed") {
    Frames frames(4);
    frames.deliver(1);
    CHECK_FALSE(frames.header(5));
    CHECK_FALSE(frames.body("abc"));
    const auto large = frames.body("de");
    REQUIRE(large);
    CHECK(large->too_large);
    CHECK(large->body.empty());
    CHECK(large->body_bytes == 5);
    frames.deliver(2);
    CHECK_FALSE(frames.header(4));
    const auto small = frames.body("abcd");
    REQUIRE(small);
    CHECK_FALSE(small->too_large);
    CHECK(small->body == "abcd");
}

TEST_CASE("assembler: frames that belong to no message are ignored") {
    Frames frames(4);
    CHECK_FALSE(frames.body("abcd"));
    CHECK_FALSE(frames.header(0));
}
