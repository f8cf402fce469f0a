#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "broker.hpp"
#include "core/io/rabbitmq/declare_pipeline.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"
#include "core/io/rabbitmq/queue_reader.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using namespace elasticity::rabbitmq::test;

namespace {

ReaderSettings every_50_ms() {
    ReaderSettings settings;
    settings.interval = std::chrono::milliseconds(50);
    settings.missing_wait_max = std::chrono::milliseconds(200);
    return settings;
}

const QueueCounts* find(const CountsBatch& batch, const std::string& queue) {
    for (const QueueCounts& counts : batch.queues) {
        if (counts.queue == queue) return &counts;
    }
    return nullptr;
}

/// A virtual host of its own with many queues, made by the broker's import and removed with it.
class CrowdedHost {
public:
    CrowdedHost(const Broker& broker, int queue_count) : api_(broker.management().base_url + "/api") {
        std::string queues;
        for (int i = 0; i < queue_count; ++i) {
            queues += (i == 0 ? "" : ",") + std::string(R"({"name":"q)") + std::to_string(i) +
                      R"(","durable":false,"auto_delete":false,"arguments":{}})";
        }
        curl("/vhosts/crowded", "-X PUT", "");
        curl("/definitions/crowded", "-X POST -H 'content-type: application/json'",
             R"({"queues":[)" + queues + "]}");
    }
    ~CrowdedHost() { curl("/vhosts/crowded", "-X DELETE", ""); }

private:
    void curl(const std::string& path, const std::string& options, const std::string& body) {
        const std::string line = "curl -fsS -u guest:guest " + options + " --data-binary @- " + api_ + path;
        FILE* pipe = ::popen(line.c_str(), "w");
        REQUIRE(pipe != nullptr);
        CHECK(std::fwrite(body.data(), 1, body.size(), pipe) == body.size());
        CHECK(::pclose(pipe) == 0);
    }
    std::string api_;
};

/// Milliseconds for one round over all queues.
double timed_round(DeclarePipeline& pipeline, const std::vector<std::string>& queues, size_t missing,
                   size_t outstanding = DeclarePipeline::outstanding_max) {
    const auto began = std::chrono::steady_clock::now();
    const auto answers = pipeline.ask(queues, outstanding, began + std::chrono::seconds(60));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    REQUIRE_FALSE(answers.has_error());
    size_t found_missing = 0;
    for (size_t i = 0; i < queues.size(); ++i) {
        if ((*answers)[i].queue != queues[i]) FAIL("no answer for " << queues[i]);
        if ((*answers)[i].state == QueueState::unreadable) FAIL((*answers)[i].reason);
        if ((*answers)[i].state == QueueState::missing) ++found_missing;
    }
    CHECK(found_missing == missing);
    return took.count();
}

}  // namespace

TEST_CASE("reader: a batch tells of every watched queue, present, missing or unreadable") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "read");
    queue.publish("x");
    queue.publish("y");
    const auto owner = broker.connect();
    REQUIRE_FALSE(owner->open_channel(main_channel).has_error());
    amqp_queue_declare_t locked{};
    const std::string locked_name = "test.locked";
    locked.queue = view_of(locked_name);
    locked.exclusive = 1;
    REQUIRE_FALSE(owner->call(main_channel, AMQP_QUEUE_DECLARE_METHOD, AMQP_QUEUE_DECLARE_OK_METHOD, &locked)
                      .has_error());
    Inbox<CountsBatch> batches;
    QueueReader reader(broker.session("em-1"), every_50_ms(), [&](CountsBatch batch) { batches.put(batch); });
    reader.watch({queue.name(), "test.missing", locked_name});
    reader.start();
    REQUIRE(batches.wait_for_count(3));
    const CountsBatch batch = batches.values().back();
    REQUIRE_FALSE(batch.unavailable);
    REQUIRE(batch.queues.size() == 3);
    CHECK(find(batch, queue.name())->state == QueueState::present);
    CHECK(find(batch, queue.name())->ready == 2);
    CHECK(find(batch, queue.name())->consumers == 0);
    CHECK(find(batch, "test.missing")->state == QueueState::missing);
    CHECK(find(batch, locked_name)->state == QueueState::unreadable);
    CHECK(find(batch, locked_name)->reason.find("RESOURCE_LOCKED") != std::string::npos);
}

TEST_CASE("reader: a queue that appears is noticed, one that goes is missing, one unwatched is silent") {
    const Broker broker = Broker::shared();
    const auto connection = broker.connect();
    const std::string name = "test.comes-and-goes";
    Inbox<CountsBatch> batches;
    QueueReader reader(broker.session("em-1"), every_50_ms(), [&](CountsBatch batch) { batches.put(batch); });
    const auto saw = [&](QueueState state) {
        return batches.wait_for_any([&](const CountsBatch& batch) {
            const QueueCounts* counts = find(batch, name);
            return counts != nullptr && counts->state == state;
        });
    };
    reader.start();
    reader.watch({name, "test.other"});
    REQUIRE(saw(QueueState::missing));
    REQUIRE_FALSE(declare_queue(*connection, name).has_error());
    REQUIRE(saw(QueueState::present));
    batches.clear();
    REQUIRE_FALSE(delete_queue(*connection, name, QueueDelete::always).has_error());
    REQUIRE(saw(QueueState::missing));
    reader.watch({}, {name});
    CHECK(batches.wait_for_any([&](const CountsBatch& batch) { return find(batch, name) == nullptr; }));
}

TEST_CASE("reader: a question is answered at once, also for a queue that nobody watches") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "asked");
    queue.publish("x");
    Inbox<Result<QueueCounts>> answers;
    QueueReader reader(broker.session("em-1"), {}, [](const CountsBatch&) {});
    reader.start();
    reader.read_now(queue.name(), [&](Result<QueueCounts> counts) { answers.put(std::move(counts)); });
    reader.read_now("test.nowhere", [&](Result<QueueCounts> counts) { answers.put(std::move(counts)); });
    REQUIRE(answers.wait_for_count(2));
    CHECK(answers.values()[0]->ready == 1);
    CHECK(answers.values()[1]->state == QueueState::missing);
}

TEST_CASE("reader: one short answer on each channel is enough to wake up for") {
    const Broker broker = Broker::shared();
    const CrowdedHost host(broker, DeclarePipeline::channels_max);
    Endpoint endpoint = broker.endpoint();
    endpoint.virtual_host = "crowded";
    auto connection = Connection::open(endpoint, "em-1", "reader");
    REQUIRE_FALSE(connection.has_error());
    DeclarePipeline pipeline(**connection);
    REQUIRE_FALSE(pipeline.open().has_error());
    std::vector<std::string> queues;
    for (int i = 0; i < DeclarePipeline::channels_max; ++i) queues.push_back("q" + std::to_string(i));
    // Waiting for more than the broker has to say would last until a heartbeat is due, 7.5 s.
    CHECK(timed_round(pipeline, queues, 0, 1) < 5'000);
}

TEST_CASE("reader: 5,000 queues are read in one go, and missing ones cost little") {
    const Broker broker = Broker::shared();
    const CrowdedHost host(broker, 5'000);
    Endpoint endpoint = broker.endpoint();
    endpoint.virtual_host = "crowded";
    auto connection = Connection::open(endpoint, "em-1", "reader");
    REQUIRE_FALSE(connection.has_error());
    DeclarePipeline pipeline(**connection);
    REQUIRE_FALSE(pipeline.open().has_error());
    std::vector<std::string> queues;
    for (int i = 0; i < 5'000; ++i) queues.push_back("q" + std::to_string(i));
    timed_round(pipeline, queues, 0);
    const double all_ms = timed_round(pipeline, queues, 0);
    for (size_t i = 0; i < queues.size(); i += 100) queues[i] = "missing" + std::to_string(i);
    const double missing_ms = timed_round(pipeline, queues, 50);
    std::vector<std::string> all_missing;
    for (int i = 0; i < 500; ++i) all_missing.push_back("m" + std::to_string(i));
    const double all_missing_ms = timed_round(pipeline, all_missing, 500);
    std::cout << "5,000 queues: " << all_ms << " ms; 1 % of them missing: " << missing_ms
              << " ms; 500 of 500 missing: " << all_missing_ms << " ms\n";
    // Wide of what is measured (about 0.15 s), since the machine may be busy: one by one takes over a second.
    CHECK(all_ms < 5'000);
    CHECK(missing_ms < 5'000);
}
