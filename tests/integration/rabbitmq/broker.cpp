#include "broker.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "core/io/rabbitmq/queue_admin.hpp"

namespace elasticity::rabbitmq::test {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set: run this through ctest");
    return value;
}

}  // namespace

Broker Broker::shared() {
    return Broker(environment("ELASTICITY_TESTBED") + "/rabbitmq");
}

Broker::Broker(const std::string& directory) {
    std::ifstream file(directory + "/env");
    if (!file) throw std::runtime_error("no broker was started in " + directory);
    for (std::string line; std::getline(file, line);) {
        const size_t equals = line.find('=');
        settings_[line.substr(0, equals)] = line.substr(equals + 1);
    }
}

Endpoint Broker::endpoint() const {
    Endpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = static_cast<uint16_t>(std::stoi(setting("AMQP_PORT")));
    return endpoint;
}

Endpoint Broker::tls_endpoint() const {
    Endpoint endpoint;
    endpoint.host = "localhost";
    endpoint.port = static_cast<uint16_t>(std::stoi(setting("AMQPS_PORT")));
    endpoint.tls.emplace();
    endpoint.tls->ca_file = setting("CA_FILE");
    return endpoint;
}

ManagementEndpoint Broker::management() const {
    ManagementEndpoint endpoint;
    endpoint.base_url = "http://127.0.0.1:" + setting("MANAGEMENT_PORT");
    return endpoint;
}

SessionSettings Broker::session(const std::string& module_name, EventSink on_event) const {
    using std::chrono::milliseconds;
    SessionSettings settings;
    settings.endpoint = [endpoint = endpoint()]() -> Result<Endpoint> { return endpoint; };
    settings.module_name = module_name;
    settings.backoff = {milliseconds(50), milliseconds(500), milliseconds(5'000)};
    // Shown by ctest when a test fails.
    settings.on_event = [on_event = std::move(on_event)](const Event& event) {
        std::clog << "event: " + event.text + "\n";
        if (on_event) on_event(event);
    };
    return settings;
}

std::unique_ptr<Connection> Broker::connect() const {
    auto connection = Connection::open(endpoint(), "test", "test");
    if (connection.has_error()) throw std::runtime_error(connection.error().message);
    return std::move(*connection);
}

PrivateNode::PrivateNode() {
    std::string pattern = (std::filesystem::temp_directory_path() / "elasticity-rabbitmq.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = pattern;
    start();
}

PrivateNode::~PrivateNode() {
    stop();
    std::filesystem::remove_all(directory_);
}

void PrivateNode::run(const std::string& command, const std::string& arguments) {
    const std::string script = environment("ELASTICITY_SUPPORT") + "/rabbitmq.sh";
    const std::string line = script + " " + command + " " + directory_ + " " + arguments + " >&2";
    if (std::system(line.c_str()) != 0) throw std::runtime_error("failed: " + line);
}

EventSink sink(Events& events) {
    return [&events](const Event& event) { events.put(event); };
}

bool wait_for(Events& events, EventKind kind) {
    return events.wait_for_any([kind](const Event& event) { return event.kind == kind; });
}

OutboxSource MemoryOutbox::source() {
    OutboxSource source;
    source.fetch = [this](int64_t after_id, size_t limit) -> Result<std::vector<OutboundMessage>> {
        const std::lock_guard lock(mutex_);
        std::vector<OutboundMessage> found;
        for (auto it = messages_.upper_bound(after_id); it != messages_.end() && found.size() < limit; ++it) {
            found.push_back(it->second);
        }
        return found;
    };
    source.remove = [this](std::span<const int64_t> ids) -> Result<void> {
        const std::lock_guard lock(mutex_);
        for (const int64_t id : ids) messages_.erase(id);
        changed_.notify_all();
        return {};
    };
    return source;
}

void MemoryOutbox::add(OutboundMessage message) {
    const std::lock_guard lock(mutex_);
    message.id = next_id_++;
    messages_.emplace(message.id, std::move(message));
}

bool MemoryOutbox::wait_until_empty(std::chrono::seconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return messages_.empty(); });
}

size_t MemoryOutbox::size() {
    const std::lock_guard lock(mutex_);
    return messages_.size();
}

TestQueue::TestQueue(const Broker& broker, const std::string& name)
    : broker_(broker), name_("test." + std::to_string(::getpid()) + "." + name) {
    REQUIRE_FALSE(declare_queue(*broker_.connect(), name_).has_error());
}

TestQueue::~TestQueue() {
    auto connection = Connection::open(broker_.endpoint(), "test", "test");
    CHECK_FALSE(connection.has_error());
    if (connection.has_error()) return;
    CHECK_FALSE(delete_queue(**connection, name_, QueueDelete::always).has_error());
}

uint32_t TestQueue::ready() const {
    return queue_counts(*broker_.connect(), name_)->messages;
}

void TestQueue::publish(const std::string& body) const {
    OutboundMessage message;
    message.queue = name_;
    message.body = body;
    const auto published = publish_confirmed(*broker_.connect(), message, std::chrono::seconds(10));
    REQUIRE_FALSE(published.has_error());
}

}  // namespace elasticity::rabbitmq::test
