#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/management.hpp"
#include "core/io/rabbitmq/publisher.hpp"
#include "core/io/rabbitmq/session.hpp"

namespace elasticity::rabbitmq::test {

/// A real broker of tests/support/rabbitmq.sh.
class Broker {
public:
    /// The one that all tests share; each keeps to queues of its own.
    static Broker shared();
    explicit Broker(const std::string& directory);

    Endpoint endpoint() const;
    Endpoint tls_endpoint() const;
    ManagementEndpoint management() const;
    SessionSettings session(const std::string& module_name, EventSink on_event = {}) const;
    std::unique_ptr<Connection> connect() const;
    const std::string& setting(const std::string& name) const { return settings_.at(name); }

private:
    std::map<std::string, std::string> settings_;
};

/// A node of the test's own in a temporary directory, stopped and removed at the end.
class PrivateNode {
public:
    PrivateNode();
    ~PrivateNode();

    Broker broker() const { return Broker(directory_); }
    void start() { run("start"); }
    void stop() { run("stop"); }
    void kill() { run("kill"); }
    void ctl(const std::string& arguments) { run("ctl", arguments); }

private:
    void run(const std::string& command, const std::string& arguments = "");
    std::string directory_;
};

/// Values that another thread puts in and the test waits for.
template <class T>
class Inbox {
public:
    void put(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_all();
    }
    /// Whether `done(values)` became true within the time.
    bool wait(const std::function<bool(const std::vector<T>&)>& done,
              std::chrono::seconds timeout = std::chrono::seconds(60)) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, timeout, [&] { return done(values_); });
    }
    bool wait_for_any(const std::function<bool(const T&)>& matches) {
        return wait([&](const std::vector<T>& values) {
            for (const T& value : values) {
                if (matches(value)) return true;
            }
            return false;
        });
    }
    bool wait_for_count(size_t count) {
        return wait([&](const std::vector<T>& values) { return values.size() >= count; });
    }
    std::vector<T> values() {
        const std::lock_guard lock(mutex_);
        return values_;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        values_.clear();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> values_;
};

using Events = Inbox<Event>;
EventSink sink(Events& events);
bool wait_for(Events& events, EventKind kind);

/// An outbox in memory.
class MemoryOutbox {
public:
    OutboxSource source();
    void add(OutboundMessage message);
    bool wait_until_empty(std::chrono::seconds timeout = std::chrono::seconds(60));
    size_t size();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<int64_t, OutboundMessage> messages_;
    int64_t next_id_ = 1;
};

/// A queue that no other test and no earlier run uses, deleted at the end. It keeps no connection, so that
/// the broker may be restarted meanwhile.
class TestQueue {
public:
    TestQueue(const Broker& broker, const std::string& name);
    ~TestQueue();
    const std::string& name() const { return name_; }
    uint32_t ready() const;
    void publish(const std::string& body) const;

private:
    Broker broker_;
    std::string name_;
};

}  // namespace elasticity::rabbitmq::test
