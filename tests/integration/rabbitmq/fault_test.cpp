#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <set>

#include "broker.hpp"
#include "core/io/rabbitmq/deploy_listener.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"
#include "core/io/rabbitmq/queue_reader.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using namespace elasticity::rabbitmq::test;

namespace {

PrivateNode& node() {
    static PrivateNode only;
    return only;
}

OutboundMessage message_to(const std::string& queue, const std::string& body) {
    OutboundMessage message;
    message.queue = queue;
    message.body = body;
    message.mandatory = true;
    return message;
}

ListenerSettings listen_to(const std::string& queue) {
    ListenerSettings settings;
    settings.queue = queue;
    return settings;
}

/// Publisher and listener on one queue; what arrived is kept.
struct Pair {
    Pair(const Broker& broker, const std::string& queue)
        : publisher(broker.session("em-1", sink(publisher_events)), {{queue}}, outbox.source()),
          listener(broker.session("em-1", sink(listener_events)), listen_to(queue),
                   [this](std::span<const Delivery> batch) {
                       for (const Delivery& delivery : batch) arrived.put(delivery.body);
                       return BatchVerdict::acknowledge;
                   }) {}

    bool all_arrived(int count) {
        return arrived.wait(
            [count](const std::vector<std::string>& bodies) {
                const std::set<std::string> distinct(bodies.begin(), bodies.end());
                return distinct.size() == static_cast<size_t>(count);
            },
            std::chrono::seconds(60));
    }

    MemoryOutbox outbox;
    Inbox<std::string> arrived;
    Events publisher_events;
    Events listener_events;
    Publisher publisher;
    DeployListener listener;
};

}  // namespace

TEST_CASE("faults: a broker that is stopped or killed while messages flow loses none") {
    const bool kill = GENERATE(false, true);
    const std::string queue = kill ? "killed" : "stopped";
    Pair pair(node().broker(), queue);
    for (int i = 0; i < 5'000; ++i) pair.outbox.add(message_to(queue, std::to_string(i)));
    pair.listener.start();
    pair.publisher.start();
    REQUIRE(pair.arrived.wait_for_count(300));
    kill ? node().kill() : node().stop();
    REQUIRE(wait_for(pair.publisher_events, EventKind::disconnected));
    REQUIRE(wait_for(pair.listener_events, EventKind::disconnected));
    pair.listener_events.clear();
    node().start();
    CHECK(pair.outbox.wait_until_empty());
    CHECK(pair.all_arrived(5'000));
    CHECK(wait_for(pair.listener_events, EventKind::connected));
}

TEST_CASE("faults: a batch that was not acknowledged when the connection broke comes again") {
    Inbox<std::string> seen;
    Inbox<int> may_return;
    const Broker broker = node().broker();
    const TestQueue queue(broker, "unacknowledged");
    queue.publish("x");
    DeployListener listener(broker.session("em-1"), listen_to(queue.name()),
                            [&](std::span<const Delivery> batch) {
                                for (const Delivery& delivery : batch) {
                                    seen.put(delivery.body + (delivery.redelivered ? " again" : ""));
                                }
                                may_return.wait_for_count(1);
                                return BatchVerdict::acknowledge;
                            });
    listener.start();
    REQUIRE(seen.wait_for_count(1));
    node().ctl("close_all_connections test");
    may_return.put(1);
    REQUIRE(seen.wait_for_count(2));
    listener.stop();
    CHECK(seen.values() == std::vector<std::string>{"x", "x again"});
    CHECK(queue.ready() == 0);
}

TEST_CASE("faults: what was confirmed but not yet forgotten is not sent again after a reconnect") {
    const Broker broker = node().broker();
    const TestQueue queue(broker, "confirmed");
    MemoryOutbox outbox;
    outbox.add(message_to(queue.name(), "once"));
    std::atomic<bool> disk_is_full{true};
    Inbox<int> refused;
    OutboxSource source = outbox.source();
    source.remove = [&, remove = source.remove](std::span<const int64_t> ids) -> Result<void> {
        if (!disk_is_full) return remove(ids);
        refused.put(1);
        return Error{ErrorKind::unavailable, "disk full"};
    };
    Events events;
    std::atomic<bool> away{false};
    SessionSettings session = broker.session("em-1", sink(events));
    session.endpoint = [&]() -> Result<Endpoint> {
        if (away) return Error{ErrorKind::unavailable, "away"};
        return broker.endpoint();
    };
    Publisher publisher(session, {}, source);
    publisher.start();
    REQUIRE(refused.wait_for_count(1));
    away = true;
    node().ctl("close_all_connections test");
    REQUIRE(wait_for(events, EventKind::disconnected));
    // Longer than the publisher leaves a failing outbox alone: the outbox is what it asks first afterwards.
    CHECK_FALSE(events.wait([](auto&) { return false; }, std::chrono::seconds(2)));
    const size_t refused_before = refused.values().size();
    events.clear();
    away = false;
    REQUIRE(wait_for(events, EventKind::connected));
    REQUIRE(refused.wait_for_count(refused_before + 1));
    disk_is_full = false;
    REQUIRE(outbox.wait_until_empty());
    CHECK(queue.ready() == 1);
}

TEST_CASE("faults: the reader says unavailable with a reason while the broker is away, never zero") {
    const Broker broker = node().broker();
    const std::string queue = "read-through-restart";
    REQUIRE_FALSE(declare_queue(*broker.connect(), queue).has_error());
    REQUIRE_FALSE(
        publish_confirmed(*broker.connect(), message_to(queue, "x"), std::chrono::seconds(10)).has_error());
    Inbox<CountsBatch> batches;
    ReaderSettings settings;
    settings.interval = std::chrono::milliseconds(50);
    QueueReader reader(broker.session("em-1"), settings, [&](CountsBatch batch) { batches.put(batch); });
    reader.watch({queue});
    reader.start();
    const auto has_one = [&](const CountsBatch& batch) {
        return !batch.queues.empty() && batch.queues[0].ready == 1;
    };
    REQUIRE(batches.wait_for_any(has_one));
    node().stop();
    REQUIRE(batches.wait_for_any([](const CountsBatch& batch) { return batch.unavailable.has_value(); }));
    const size_t before = batches.values().size();
    node().start();
    REQUIRE(batches.wait([&](const std::vector<CountsBatch>& all) {
        return std::any_of(all.begin() + static_cast<long>(before), all.end(), has_one);
    }));
    for (const CountsBatch& batch : batches.values()) {
        if (batch.unavailable) {
            CHECK_FALSE(batch.unavailable->message.empty());
            CHECK(batch.queues.empty());
        } else if (batch.queues[0].state == QueueState::present) {
            CHECK(batch.queues[0].ready == 1);
        }
    }
}

TEST_CASE("faults: under a memory alarm reader and listener go on, and the publisher resumes after it") {
    const Broker broker = node().broker();
    Pair pair(broker, "alarm");
    pair.publisher.start();
    REQUIRE(wait_for(pair.publisher_events, EventKind::connected));
    for (int i = 0; i < 50; ++i) pair.outbox.add(message_to("alarm", std::to_string(i)));
    pair.publisher.notify();
    REQUIRE(pair.outbox.wait_until_empty());

    node().ctl("set_vm_memory_high_watermark 0.000001");
    pair.outbox.add(message_to("alarm", "while blocked"));
    pair.publisher.notify();
    REQUIRE(wait_for(pair.publisher_events, EventKind::blocked));
    pair.listener.start();
    CHECK(pair.all_arrived(50));
    Inbox<CountsBatch> batches;
    QueueReader reader(broker.session("em-1"), {}, [&](CountsBatch batch) { batches.put(batch); });
    reader.watch({"alarm"});
    reader.start();
    CHECK(batches.wait_for_any([](const CountsBatch& batch) {
        return !batch.unavailable && batch.queues[0].state == QueueState::present;
    }));
    CHECK(pair.outbox.size() == 1);

    node().ctl("set_vm_memory_high_watermark 0.9");
    CHECK(wait_for(pair.publisher_events, EventKind::unblocked));
    CHECK(pair.outbox.wait_until_empty());
    CHECK(pair.all_arrived(51));
}

TEST_CASE("faults: a publisher that the broker lets wait in the middle of a message can be stopped") {
    const Broker broker = node().broker();
    MemoryOutbox outbox;
    Events events;
    Publisher publisher(broker.session("em-1", sink(events)), {{"stuck"}}, outbox.source());
    publisher.start();
    REQUIRE(wait_for(events, EventKind::connected));
    node().ctl("set_vm_memory_high_watermark 0.000001");
    outbox.add(message_to("stuck", std::string(64 * 1024 * 1024, 'x')));
    publisher.notify();
    const auto began = std::chrono::steady_clock::now();
    publisher.stop();
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
    CHECK(outbox.size() == 1);
    node().ctl("set_vm_memory_high_watermark 0.9");
}

TEST_CASE("faults: heartbeats keep an idle connection, and a handler that is too slow gets its batch again") {
    const Broker broker = node().broker();
    SessionSettings session = broker.session("em-1");
    session.endpoint = [endpoint = broker.endpoint()]() mutable -> Result<Endpoint> {
        endpoint.heartbeat_s = 1;
        return endpoint;
    };
    Events events;
    session.on_event = sink(events);
    const TestQueue queue(broker, "heartbeat");
    Inbox<std::string> seen;
    DeployListener listener(session, listen_to(queue.name()), [&](std::span<const Delivery> batch) {
        for (const Delivery& delivery : batch) seen.put(delivery.body);
        // Longer than any broker waits for a heartbeat of 1 s; only the first time.
        if (seen.values().size() == 1)
            Inbox<int>().wait([](auto&) { return false; }, std::chrono::seconds(5));
        return BatchVerdict::acknowledge;
    });
    listener.start();
    REQUIRE(wait_for(events, EventKind::connected));
    // Idle for several heartbeats: no event comes, which is what this waits for.
    CHECK_FALSE(
        events.wait([](const std::vector<Event>& all) { return all.size() > 1; }, std::chrono::seconds(4)));
    queue.publish("slow");
    CHECK(seen.wait_for_count(2));
    CHECK(wait_for(events, EventKind::disconnected));
    listener.stop();
    CHECK(queue.ready() == 0);
}
