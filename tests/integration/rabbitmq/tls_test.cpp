#include <catch2/catch.hpp>

#include "broker.hpp"
#include "core/io/rabbitmq/declare_pipeline.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using namespace elasticity::rabbitmq::test;

namespace {

std::string refusal(const Endpoint& endpoint) {
    const auto connection = Connection::open(endpoint, "test", "test");
    return connection.has_error() ? connection.error().message : "connected";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("TLS: the right authority and host name connect, and messages larger than a record pass") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "tls");
    auto connection = Connection::open(broker.tls_endpoint(), "test", "test");
    REQUIRE_FALSE(connection.has_error());
    OutboundMessage message;
    message.queue = queue.name();
    message.body = std::string(300'000, 'x');
    CHECK_FALSE(publish_confirmed(**connection, message, std::chrono::seconds(10)).has_error());
    CHECK(queue_counts(**connection, queue.name())->messages == 1);
}

TEST_CASE("TLS: a round of readings larger than the channels hold at once is answered, present and missing") {
    const Broker broker = Broker::shared();
    const TestQueue queue(broker, "tls-read");
    auto connection = Connection::open(broker.tls_endpoint(), "test", "test");
    REQUIRE_FALSE(connection.has_error());
    DeclarePipeline pipeline(**connection);
    REQUIRE_FALSE(pipeline.open().has_error());
    std::vector<std::string> queues(DeclarePipeline::channels_max * DeclarePipeline::outstanding_max * 2, queue.name());
    for (size_t i = 0; i < queues.size(); i += 50) queues[i] = "missing-" + std::to_string(i);
    const auto answers = pipeline.ask(queues, DeclarePipeline::outstanding_max,
                                      std::chrono::steady_clock::now() + std::chrono::seconds(60));
    REQUIRE_FALSE(answers.has_error());
    for (size_t i = 0; i < queues.size(); ++i) {
        const QueueState wanted = i % 50 == 0 ? QueueState::missing : QueueState::present;
        if ((*answers)[i].state != wanted) FAIL(queues[i] << ": " << (*answers)[i].reason);
    }
}

TEST_CASE("TLS: a client certificate is accepted") {
    const Broker broker = Broker::shared();
    Endpoint endpoint = broker.tls_endpoint();
    endpoint.tls->cert_file = broker.setting("CLIENT_CERTIFICATE_FILE");
    endpoint.tls->key_file = broker.setting("CLIENT_KEY_FILE");
    CHECK(refusal(endpoint) == "connected");
}

TEST_CASE("TLS: another authority is refused, be it a file or the system's") {
    Endpoint endpoint = Broker::shared().tls_endpoint();
    endpoint.tls->ca_file = GENERATE("", "client certificate");
    if (!endpoint.tls->ca_file.empty())
        endpoint.tls->ca_file = Broker::shared().setting("CLIENT_CERTIFICATE_FILE");
    CHECK(contains(refusal(endpoint), "not signed by a trusted authority"));
}

TEST_CASE("TLS: another host name is refused") {
    Endpoint endpoint = Broker::shared().tls_endpoint();
    endpoint.host = "127.1";  // another way to write 127.0.0.1, which no certificate contains
    const std::string text = refusal(endpoint);
    INFO(text);
    CHECK(contains(text, "for another host name"));
}

TEST_CASE("TLS: without verification any certificate will do") {
    Endpoint endpoint = Broker::shared().tls_endpoint();
    endpoint.tls->ca_file.clear();
    endpoint.tls->verify = false;
    CHECK(refusal(endpoint) == "connected");
}

TEST_CASE("TLS: a missing file is named") {
    Endpoint endpoint = Broker::shared().tls_endpoint();
    endpoint.tls->ca_file = "/nonexistent/ca.pem";
    CHECK(contains(refusal(endpoint), "ca_file: must be a readable PEM file, got /nonexistent/ca.pem"));
}

TEST_CASE("TLS: a plain port is an error, not a hang") {
    Endpoint endpoint = Broker::shared().endpoint();
    endpoint.tls.emplace();
    endpoint.connect_timeout = std::chrono::seconds(3);
    const auto began = std::chrono::steady_clock::now();
    CHECK(refusal(endpoint) != "connected");
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));
}
