#include <unistd.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <random>

#include "broker.hpp"
#include "core/io/rabbitmq/deploy_listener.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using namespace elasticity::rabbitmq::test;

namespace {

ListenerSettings listen_to(const std::string& queue) {
    ListenerSettings settings;
    settings.queue = queue;
    settings.exclusive_wait = std::chrono::milliseconds(600);
    return settings;
}

BatchHandler keep_in(Inbox<Delivery>& inbox) {
    return [&inbox](std::span<const Delivery> batch) {
        for (const Delivery& delivery : batch) inbox.put(delivery);
        return BatchVerdict::acknowledge;
    };
}

}  // namespace

TEST_CASE("listener: messages arrive in order with their properties, and are then gone from the queue") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "listen");
    queue.publish("one");
    queue.publish("two");
    Inbox<Delivery> inbox;
    DeployListener listener(broker.session("em-1"), listen_to(queue.name()), keep_in(inbox));
    listener.start();
    REQUIRE(inbox.wait_for_count(2));
    queue.publish("three");
    REQUIRE(inbox.wait_for_count(3));
    listener.stop();
    const auto deliveries = inbox.values();
    CHECK(deliveries[0].body == "one");
    CHECK(deliveries[1].body == "two");
    CHECK(deliveries[2].body == "three");
    CHECK(deliveries[0].content_type == "application/json");
    CHECK_FALSE(deliveries[0].redelivered);
    CHECK(queue.ready() == 0);
}

TEST_CASE(
    "listener: what the handler cannot take care of is not acknowledged, and comes again in its order") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "retry");
    for (int i = 0; i < 20; ++i) queue.publish(std::to_string(i));
    Inbox<Delivery> inbox;
    int refusals = 3;
    DeployListener listener(broker.session("em-1"), listen_to(queue.name()),
                            [&](std::span<const Delivery> batch) -> PendingVerdict {
                                if (refusals-- > 0) return BatchVerdict::retry_later;
                                return keep_in(inbox)(batch);
                            });
    listener.start();
    REQUIRE(inbox.wait_for_count(20));
    listener.stop();
    const auto deliveries = inbox.values();
    for (int i = 0; i < 20; ++i) {
        CHECK(deliveries[static_cast<size_t>(i)].body == std::to_string(i));
        CHECK(deliveries[static_cast<size_t>(i)].redelivered);
    }
    CHECK(queue.ready() == 0);
}

TEST_CASE("listener: the next batch is handled while the disk owes the verdict on the last, and no further one") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "pending");
    constexpr int count = 50;
    for (int i = 0; i < count; ++i) queue.publish(std::to_string(i));
    ListenerSettings one_by_one = listen_to(queue.name());
    one_by_one.batch_bytes_max = 1;
    Inbox<Delivery> inbox;
    std::mutex mutex;
    std::condition_variable changed;
    int owed = 0;
    int owed_max = 0;
    DeployListener listener(broker.session("em-1"), one_by_one, [&](std::span<const Delivery> batch) -> PendingVerdict {
        {
            const std::lock_guard lock(mutex);
            owed_max = std::max(owed_max, ++owed);
            changed.notify_all();
        }
        for (const Delivery& delivery : batch) inbox.put(delivery);
        return std::async(std::launch::async, [&] {
            // The disk takes until the next batch is handled too; the last batch has no next one.
            std::unique_lock lock(mutex);
            changed.wait_for(lock, std::chrono::milliseconds(100), [&] { return owed > 1; });
            --owed;
            return BatchVerdict::acknowledge;
        });
    });
    listener.start();
    REQUIRE(inbox.wait_for_count(count));
    listener.stop();
    CHECK(owed_max == 2);
    CHECK(queue.ready() == 0);
    const auto deliveries = inbox.values();
    for (size_t i = 0; i < count; ++i) CHECK(deliveries[i].body == std::to_string(i));
}

TEST_CASE("listener: a verdict that comes late and is a refusal brings back the batches behind it too") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "late");
    for (int i = 0; i < 10; ++i) queue.publish(std::to_string(i));
    ListenerSettings one_by_one = listen_to(queue.name());
    one_by_one.batch_bytes_max = 1;
    Inbox<Delivery> inbox;
    std::atomic<bool> refused = false;
    DeployListener listener(broker.session("em-1"), one_by_one, [&](std::span<const Delivery> batch) -> PendingVerdict {
        const bool refuse = !refused.exchange(true);
        if (!refuse && batch.front().redelivered) inbox.put(batch.front());
        return std::async(std::launch::async,
                          [refuse] { return refuse ? BatchVerdict::retry_later : BatchVerdict::acknowledge; });
    });
    listener.start();
    REQUIRE(inbox.wait_for_count(10));
    listener.stop();
    CHECK(inbox.values().front().body == "0");
    CHECK(queue.ready() == 0);
}

TEST_CASE("listener: stopped before the handler accepted, the message is still in the queue") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "early");
    queue.publish("x");
    Inbox<int> calls;
    DeployListener listener(broker.session("em-1"), listen_to(queue.name()), [&](auto) {
        calls.put(1);
        return BatchVerdict::retry_later;
    });
    listener.start();
    REQUIRE(calls.wait_for_count(1));
    listener.stop();
    CHECK(queue.ready() == 1);
}

TEST_CASE("listener: a second consumer ends, and names the one that holds the queue") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "held");
    Events first_events;
    DeployListener first(broker.session("em-first", sink(first_events)), listen_to(queue.name()),
                         [](auto) { return BatchVerdict::acknowledge; });
    first.start();
    REQUIRE(wait_for(first_events, EventKind::connected));

    ManagementClient management(broker.management());
    ListenerSettings settings = listen_to(queue.name());
    settings.find_holder = [&](const std::string& name) { return management.consumer_holder(name); };
    Events second_events;
    DeployListener second(broker.session("em-second", sink(second_events)), settings,
                          [](auto) { return BatchVerdict::acknowledge; });
    second.start();
    REQUIRE(wait_for(second_events, EventKind::held_by_other));
    const std::string text = second_events.values().back().text;
    INFO(text);
    CHECK(text.find("'elasticity em-first ") != std::string::npos);
    CHECK(text.find(std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE("listener: a holder that goes within the waiting time is succeeded") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "succeed");
    Events first_events;
    auto first =
        std::make_unique<DeployListener>(broker.session("em-1", sink(first_events)), listen_to(queue.name()),
                                         [](auto) { return BatchVerdict::acknowledge; });
    first->start();
    REQUIRE(wait_for(first_events, EventKind::connected));
    ListenerSettings settings = listen_to(queue.name());
    settings.exclusive_wait = std::chrono::seconds(20);
    Events second_events;
    DeployListener second(broker.session("em-1", sink(second_events)), settings,
                          [](auto) { return BatchVerdict::acknowledge; });
    second.start();
    first.reset();
    CHECK(wait_for(second_events, EventKind::connected));
}

TEST_CASE("listener: a queue with other arguments ends it, and the difference is named") {
    const Broker broker = Broker::shared();
    const std::string url = broker.management().base_url + "/api/queues/%2F/test.other-arguments";
    const std::string curl = "curl -fsS -u guest:guest " + url;
    REQUIRE(std::system(
                (curl + " -X PUT -d '{\"durable\":true,\"arguments\":{\"x-max-length\":7}}'").c_str()) == 0);
    Events events;
    DeployListener listener(broker.session("em-1", sink(events)), listen_to("test.other-arguments"),
                            [](auto) { return BatchVerdict::acknowledge; });
    listener.start();
    REQUIRE(wait_for(events, EventKind::queue_mismatch));
    const std::string text = events.values().back().text;
    INFO(text);
    CHECK(text.find("x-max-length") != std::string::npos);
    CHECK(text.find("'7'") != std::string::npos);
    CHECK(std::system((curl + " -X DELETE").c_str()) == 0);
}

TEST_CASE("listener: a queue that is deleted under it is declared again") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "deleted");
    Events events;
    Inbox<Delivery> inbox;
    DeployListener listener(broker.session("em-1", sink(events)), listen_to(queue.name()), keep_in(inbox));
    listener.start();
    REQUIRE(wait_for(events, EventKind::connected));
    events.clear();
    REQUIRE_FALSE(delete_queue(*broker.connect(), queue.name(), QueueDelete::always).has_error());
    REQUIRE(wait_for(events, EventKind::connected));
    queue.publish("after");
    CHECK(inbox.wait_for_count(1));
}

TEST_CASE("listener: a body over the limit is reported with its size, and its neighbours are unharmed") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "large");
    const size_t two_mib = 2 * 1024 * 1024;
    queue.publish("before");
    queue.publish(std::string(two_mib, 'x'));
    queue.publish(std::string(1024 * 1024, 'y'));
    queue.publish("after");
    Inbox<Delivery> inbox;
    DeployListener listener(broker.session("em-1"), listen_to(queue.name()), keep_in(inbox));
    listener.start();
    REQUIRE(inbox.wait_for_count(4));
    listener.stop();
    const auto deliveries = inbox.values();
    CHECK(deliveries[0].body == "before");
    CHECK(deliveries[1].too_large);
    CHECK(deliveries[1].body_bytes == two_mib);
    CHECK(deliveries[1].body.capacity() < 1024);
    CHECK_FALSE(deliveries[2].too_large);
    CHECK(deliveries[2].body == std::string(1024 * 1024, 'y'));
    CHECK(deliveries[3].body == "after");
    CHECK(queue.ready() == 0);
}

TEST_CASE("listener: 10,000 hostile bodies arrive byte for byte, each once") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "hostile");
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    std::multimap<std::string, int> wanted;
    MemoryOutbox outbox;
    for (int i = 0; i < 10'000; ++i) {
        OutboundMessage message;
        message.queue = queue.name();
        message.body.resize(i % 1000 == 0 ? 200'000 : random() % 300);
        for (char& byte : message.body) byte = static_cast<char>(random());
        message.content_type = std::string(random() % 300, '\0');
        message.message_id = std::string(random() % 300, '\xff');
        message.headers["h\n"] = message.body.substr(0, 50);
        wanted.emplace(message.body, i);
        outbox.add(std::move(message));
    }
    Publisher publisher(broker.session("em-1"), {}, outbox.source());
    publisher.start();
    Inbox<Delivery> inbox;
    DeployListener listener(broker.session("em-1"), listen_to(queue.name()), keep_in(inbox));
    listener.start();
    REQUIRE(outbox.wait_until_empty());
    REQUIRE(inbox.wait_for_count(10'000));
    listener.stop();
    for (const Delivery& delivery : inbox.values()) {
        const auto found = wanted.find(delivery.body);
        if (found != wanted.end()) wanted.erase(found);
    }
    CHECK(wanted.empty());
    CHECK(inbox.values().size() == 10'000);
    CHECK(queue.ready() == 0);
}
