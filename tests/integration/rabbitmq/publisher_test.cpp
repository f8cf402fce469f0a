#include <algorithm>
#include <catch2/catch.hpp>

#include "broker.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using namespace elasticity::rabbitmq::test;

namespace {

OutboundMessage message_to(const std::string& queue, const std::string& body) {
    OutboundMessage message;
    message.queue = queue;
    message.body = body;
    message.mandatory = true;
    return message;
}

}  // namespace

TEST_CASE("publisher: what is confirmed leaves the outbox, and every message is in the queue once") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "publish");
    MemoryOutbox outbox;
    for (int i = 0; i < 2'000; ++i) outbox.add(message_to(queue.name(), std::to_string(i)));
    Publisher publisher(broker.session("em-1"), {{queue.name()}}, outbox.source());
    publisher.start();
    REQUIRE(outbox.wait_until_empty());
    outbox.add(message_to(queue.name(), "late"));
    publisher.notify();
    REQUIRE(outbox.wait_until_empty());
    CHECK(queue.ready() == 2'001);
}

TEST_CASE("publisher: a queue of ours that was deleted is declared again, and its messages are not lost") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "status");
    const auto connection = broker.connect();
    MemoryOutbox outbox;
    Events events;
    Publisher publisher(broker.session("em-1", sink(events)), {{queue.name()}}, outbox.source());
    publisher.start();
    REQUIRE(wait_for(events, EventKind::connected));
    REQUIRE_FALSE(delete_queue(*connection, queue.name(), QueueDelete::always).has_error());
    for (int i = 0; i < 100; ++i) outbox.add(message_to(queue.name(), "same body"));
    for (int i = 0; i < 100; ++i) outbox.add(message_to(queue.name(), std::to_string(i)));
    publisher.notify();
    REQUIRE(outbox.wait_until_empty());
    CHECK(queue.ready() == 200);
}

TEST_CASE("publisher: an answer to a client that is gone is forgotten") {
    const Broker broker = Broker::shared();
    MemoryOutbox outbox;
    OutboundMessage answer = message_to("test.gone", "x");
    answer.mandatory = false;
    outbox.add(answer);
    Publisher publisher(broker.session("em-1"), {}, outbox.source());
    publisher.start();
    CHECK(outbox.wait_until_empty());
    CHECK(queue_counts(*broker.connect(), "test.gone").error().kind == ErrorKind::not_found);
}

TEST_CASE("publisher: what AMQP cannot carry does not stop what comes after it") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "uncarriable");
    MemoryOutbox outbox;
    outbox.add(message_to(std::string(256, 'q'), "no such name can be"));
    OutboundMessage long_id = message_to(queue.name(), "long id");
    long_id.message_id = long_id.correlation_id = std::string(256, 'i');
    outbox.add(long_id);
    outbox.add(message_to("amq.gen-not-ours", "reserved name"));
    Events events;
    Publisher publisher(broker.session("em-1", sink(events)), {}, outbox.source());
    publisher.start();
    REQUIRE(outbox.wait_until_empty());
    publisher.stop();
    CHECK(queue.ready() == 1);
    const auto told = events.values();
    CHECK(std::count_if(told.begin(), told.end(),
                        [](const Event& e) { return e.kind == EventKind::dropped; }) == 2);
}

TEST_CASE("publisher: an outbox that fails is asked again, and what it could not forget is not sent twice") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "failing-outbox");
    MemoryOutbox outbox;
    OutboxSource source = outbox.source();
    int failures = 2;
    const auto fail = [&] { return failures-- > 0; };
    source.remove = [&, remove = source.remove](std::span<const int64_t> ids) -> Result<void> {
        if (fail()) return Error{ErrorKind::unavailable, "disk full"};
        return remove(ids);
    };
    outbox.add(message_to(queue.name(), "once"));
    Publisher publisher(broker.session("em-1"), {}, source);
    publisher.start();
    REQUIRE(outbox.wait_until_empty());
    CHECK(queue.ready() == 1);
}
