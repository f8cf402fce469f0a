#include <catch2/catch.hpp>

#include "broker.hpp"
#include "core/io/rabbitmq/deploy_listener.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using namespace elasticity::rabbitmq::test;

namespace {

std::optional<QueueTotals> totals_of(const TotalsBatch& batch, const std::string& queue) {
    for (const QueueTotals& totals : batch.queues) {
        if (totals.queue == queue) return totals;
    }
    return std::nullopt;
}

}  // namespace

TEST_CASE("management: messages that a consumer holds are counted as unacknowledged") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "totals");
    for (int i = 0; i < 3; ++i) queue.publish("x");
    // The handler holds its batch until the count was seen.
    std::mutex mutex;
    std::condition_variable changed;
    bool seen = false;
    ListenerSettings settings;
    settings.queue = queue.name();
    DeployListener listener(broker.session("em-1"), settings, [&](auto) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, std::chrono::seconds(30), [&] { return seen; });
        return BatchVerdict::acknowledge;
    });
    listener.start();
    Inbox<TotalsBatch> batches;
    const auto source = [&]() -> Result<ManagementEndpoint> { return broker.management(); };
    ManagementReader reader(source, std::chrono::milliseconds(200),
                            [&](TotalsBatch batch) { batches.put(batch); });
    reader.start();
    CHECK(batches.wait_for_any([&](const TotalsBatch& batch) {
        const auto totals = totals_of(batch, queue.name());
        return totals && totals->unacknowledged == 3 && totals->ready == 0 && !totals->suspect;
    }));
    {
        const std::lock_guard lock(mutex);
        seen = true;
        changed.notify_all();
    }
    CHECK(batches.wait_for_any([&](const TotalsBatch& batch) {
        const auto totals = totals_of(batch, queue.name());
        return totals && totals->unacknowledged == 0;
    }));
}

TEST_CASE("management: what was published is counted where it is asked for") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "counters");
    for (int i = 0; i < 3; ++i) queue.publish("x");
    Inbox<TotalsBatch> batches;
    const auto source = [&]() -> Result<ManagementEndpoint> { return broker.management(); };
    ManagementReader reader(source, std::chrono::milliseconds(200), [&](TotalsBatch batch) { batches.put(batch); },
                            [] { return true; });
    reader.start();
    CHECK(batches.wait_for_any([&](const TotalsBatch& batch) {
        for (const QueueTotals& counted : batch.counters)
            if (counted.queue == queue.name()) return counted.published == 3U && counted.finished == 0U;
        return false;
    }));
}

TEST_CASE("management: a wrong password, virtual host or address is told apart") {
    ManagementEndpoint endpoint = Broker::shared().management();
    CHECK_FALSE(ManagementClient(endpoint).check().has_error());
    ManagementEndpoint wrong = endpoint;
    wrong.password = Secret("hunter2");
    CHECK(ManagementClient(wrong).check().error().message ==
          endpoint.base_url + ": the broker refused the log-in (401)");
    wrong = endpoint;
    wrong.virtual_host = "no/such";
    CHECK(ManagementClient(wrong).check().error().kind == ErrorKind::not_found);
    wrong = endpoint;
    wrong.base_url = "http://127.0.0.1:1";
    CHECK(ManagementClient(wrong).check().error().kind == ErrorKind::unavailable);
    wrong.base_url = "http://guest:hunter2@127.0.0.1:1";
    CHECK(ManagementClient(wrong).check().error().message.find("hunter2") == std::string::npos);
    wrong.base_url = "file:///etc/passwd?";
    CHECK(ManagementClient(wrong).queue_totals().has_error());
}

TEST_CASE("management: a queue without consumer has no holder") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "no/holder");
    ManagementClient client(broker.management());
    CHECK(client.consumer_holder(queue.name()).error().kind == ErrorKind::not_found);
}
