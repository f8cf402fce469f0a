#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/io/rabbitmq/backoff.hpp"
#include "core/io/rabbitmq/endpoint.hpp"
#include "core/io/rabbitmq/event.hpp"
#include "core/io/rabbitmq/wake_event.hpp"

namespace elasticity::rabbitmq {

class Connection;

/// What listener, publisher and reader need in common to reach their broker.
struct SessionSettings {
    EndpointSource endpoint;
    std::string module_name;
    BackoffSettings backoff;
    EventSink on_event;
};

/// Why a session ended. A final one is not tried again.
struct SessionEnd {
    Event event;
    bool final = false;
};

/// A thread that keeps one AMQP connection: connects, runs the session until it ends, backs off, again.
class SessionThread {
public:
    /// `run` uses the connection until it breaks or `stopping()`; `failed` (may be empty) hears of each
    /// connect that failed and each session that broke.
    using Run = std::function<SessionEnd(Connection&)>;
    using Failed = std::function<void(const Error&)>;

    SessionThread(SessionSettings settings, std::string role, Run run, Failed failed = {});
    ~SessionThread();

    void start();
    /// Lets the session end its current step, then joins. A send that the broker lets wait is broken off
    /// after `stop_grace`.
    void stop();

    bool stopping() const { return stopping_.load(std::memory_order_acquire); }
    /// Wakes the session; also how `stop` is noticed.
    WakeEvent& wake() { return wake_; }
    /// Sends an event. Session thread only.
    void tell(EventKind kind, std::string text) const;
    /// Waits without a connection; ends early on `stop`. Session thread only.
    void pause(std::chrono::milliseconds duration);
    double jitter();

private:
    void loop();
    SessionEnd run_once();

    SessionSettings settings_;
    std::string role_;
    Run run_;
    Failed failed_;
    WakeEvent wake_;
    std::atomic<bool> stopping_{false};
    std::mutex connection_mutex_;
    Connection* connection_ = nullptr;
    std::thread thread_;
};

}  // namespace elasticity::rabbitmq
