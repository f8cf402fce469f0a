// Without a broker: what the threads promise while nobody answers. ThreadSanitizer runs these as well.
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "core/io/rabbitmq/deploy_listener.hpp"
#include "core/io/rabbitmq/publisher.hpp"
#include "core/io/rabbitmq/queue_reader.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;

namespace {

/// Counts up, and wakes who waits for a number.
class Counter {
public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    bool wait_for(int count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ >= count; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

/// Port 1 on loopback refuses at once.
SessionSettings unreachable(Counter& asked) {
    SessionSettings settings;
    settings.module_name = "test";
    settings.backoff = {std::chrono::milliseconds(1), std::chrono::milliseconds(5), std::chrono::seconds(1)};
    settings.endpoint = [&asked]() -> Result<Endpoint> {
        asked.add();
        Endpoint endpoint;
        endpoint.host = "127.0.0.1";
        endpoint.port = 1;
        return endpoint;
    };
    return settings;
}

}  // namespace

TEST_CASE("session: the endpoint is asked for again before every connect") {
    Counter asked;
    DeployListener listener(unreachable(asked), {}, [](auto) { return BatchVerdict::acknowledge; });
    listener.start();
    CHECK(asked.wait_for(3));
    listener.stop();
}

TEST_CASE("session: a refused connect is told once, not at every attempt") {
    Counter asked;
    std::vector<std::string> told;
    SessionSettings settings = unreachable(asked);
    settings.on_event = [&](const Event& event) { told.push_back(event.text); };
    DeployListener listener(settings, {}, [](auto) { return BatchVerdict::acknowledge; });
    listener.start();
    CHECK(asked.wait_for(4));
    listener.stop();
    REQUIRE(told.size() == 1);
    CHECK(told[0] == "amqp://127.0.0.1:1/%2F: connect: refused, or not reachable");
}

TEST_CASE("session: stop ends a long back-off at once") {
    Counter asked;
    SessionSettings settings = unreachable(asked);
    settings.backoff = {std::chrono::minutes(10), std::chrono::minutes(10), std::chrono::minutes(10)};
    Publisher publisher(settings, {}, {});
    publisher.start();
    CHECK(asked.wait_for(1));
    const auto began = std::chrono::steady_clock::now();
    publisher.stop();
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
}

TEST_CASE("reader: without a broker every round is unavailable with its reason") {
    Counter asked;
    Counter batches;
    std::atomic<bool> all_unavailable{true};
    QueueReader reader(unreachable(asked), {}, [&](const CountsBatch& batch) {
        if (!batch.unavailable || !batch.queues.empty()) all_unavailable = false;
        batches.add();
    });
    reader.watch({"a", "b"});
    reader.start();
    CHECK(batches.wait_for(3));
    reader.stop();
    CHECK(all_unavailable);
}

TEST_CASE("reader: every question is answered exactly once, whatever stops meanwhile") {
    Counter asked;
    QueueReader reader(unreachable(asked), {}, [](const CountsBatch&) {});
    reader.start();
    std::atomic<int> answers{0};
    std::vector<std::thread> askers;
    for (int i = 0; i < 4; ++i) {
        askers.emplace_back([&] {
            for (int n = 0; n < 200; ++n) {
                reader.watch({"q" + std::to_string(n)}, {"q" + std::to_string(n / 2)});
                reader.read_now("q", [&](const Result<QueueCounts>& counts) {
                    if (counts.has_error()) ++answers;
                });
            }
        });
    }
    CHECK(asked.wait_for(5));
    reader.stop();
    for (std::thread& asker : askers) asker.join();
    CHECK(answers == 800);
}
