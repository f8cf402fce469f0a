#include <catch2/catch.hpp>

#include "broker.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"
#include "core/io/rabbitmq/reply_queue.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using namespace elasticity::rabbitmq::test;

namespace {

OutboundMessage message_to(const std::string& queue, const std::string& body) {
    OutboundMessage message;
    message.queue = queue;
    message.body = body;
    message.message_id = "id-1";
    message.correlation_id = "correlation-1";
    return message;
}

}  // namespace

TEST_CASE("admin: declaring a queue twice is one queue, and deleting it twice is fine") {
    const Broker broker = Broker::shared();
    const auto connection = broker.connect();
    CHECK_FALSE(declare_queue(*connection, "test.admin.twice").has_error());
    CHECK_FALSE(declare_queue(*connection, "test.admin.twice").has_error());
    CHECK_FALSE(delete_queue(*connection, "test.admin.twice", QueueDelete::always).has_error());
    CHECK_FALSE(delete_queue(*connection, "test.admin.twice", QueueDelete::always).has_error());
    CHECK(queue_counts(*connection, "test.admin.twice").error().kind == ErrorKind::not_found);
}

TEST_CASE("admin: a queue is bound to an exchange that exists, and no exchange is made") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "bound");
    const auto connection = broker.connect();
    CHECK_FALSE(declare_queue(*connection, queue.name(), {{"amq.topic", {"a.#", "b.*"}}}).has_error());
    const auto bound = declare_queue(*connection, queue.name(), {{"no-such-exchange", {"a"}}});
    REQUIRE(bound.has_error());
    CHECK(bound.error().kind == ErrorKind::not_found);
    CHECK(bound.error().message.find("no exchange 'no-such-exchange'") != std::string::npos);
    CHECK_FALSE(queue_counts(*connection, queue.name()).has_error());
}

TEST_CASE("admin: a queue that is not empty is not deleted with if_empty") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "not-empty");
    const auto connection = broker.connect();
    queue.publish("x");
    CHECK(delete_queue(*connection, queue.name(), QueueDelete::if_empty).error().kind == ErrorKind::conflict);
    CHECK(queue_counts(*connection, queue.name())->messages == 1);
}

TEST_CASE("admin: a message for a queue that does not exist is not confirmed") {
    const Broker broker = Broker::shared();
    const auto connection = broker.connect();
    const auto published =
        publish_confirmed(*connection, message_to("test.nowhere", "x"), std::chrono::seconds(10));
    REQUIRE(published.has_error());
    CHECK(published.error().kind == ErrorKind::not_found);
}

TEST_CASE("admin: names that AMQP cannot carry are refused before they are sent") {
    const Broker broker = Broker::shared();
    const auto connection = broker.connect();
    CHECK(declare_queue(*connection, std::string(256, 'q')).error().kind == ErrorKind::invalid);
    CHECK(declare_queue(*connection, "").error().kind == ErrorKind::invalid);
    CHECK_FALSE(queue_counts(*connection, "test.nowhere").error().kind == ErrorKind::unavailable);
}

TEST_CASE("reply queue: an answer arrives with its correlation id, and no answer is no error") {
    const Broker broker = Broker::shared();
    const auto sender = broker.connect();
    const auto receiver = broker.connect();
    auto replies = ReplyQueue::open(*receiver);
    REQUIRE_FALSE(replies.has_error());
    const auto nothing = replies->wait(std::chrono::milliseconds(50));
    REQUIRE_FALSE(nothing.has_error());
    CHECK_FALSE(*nothing);
    const auto sent =
        publish_confirmed(*sender, message_to(replies->name(), "answer"), std::chrono::seconds(10));
    REQUIRE_FALSE(sent.has_error());
    const auto answer = replies->wait(std::chrono::seconds(10));
    REQUIRE_FALSE(answer.has_error());
    REQUIRE(*answer);
    CHECK((*answer)->body == "answer");
    CHECK((*answer)->correlation_id == "correlation-1");
    CHECK((*answer)->message_id == "id-1");
}

TEST_CASE("connection: a wrong password is refused, and neither user nor password is in the text") {
    Endpoint endpoint = Broker::shared().endpoint();
    endpoint.username = "mallory";
    endpoint.password = Secret("hunter2");
    const auto connection = Connection::open(endpoint, "test", "test");
    REQUIRE(connection.has_error());
    CHECK(connection.error().kind == ErrorKind::refused);
    CHECK(connection.error().message.find("ACCESS_REFUSED") != std::string::npos);
    CHECK(connection.error().message.find("mallory") == std::string::npos);
    CHECK(connection.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("connection: an unknown virtual host is named") {
    Endpoint endpoint = Broker::shared().endpoint();
    endpoint.virtual_host = "no/such";
    const auto connection = Connection::open(endpoint, "test", "test");
    REQUIRE(connection.has_error());
    CHECK(connection.error().message.find("no/such") != std::string::npos);
    CHECK(connection.error().message.find("guest") == std::string::npos);
}
