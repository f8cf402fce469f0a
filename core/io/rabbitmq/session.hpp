#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
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
    /// Lets the session end its current step, then joins. After `grace` the connection is broken off: a
    /// broker under alarm lets a send wait for ever. A connect under way is waited for. Repeats do nothing.
    void stop(std::chrono::milliseconds grace);

    bool stopping() const { return stopping_.load(std::memory_order_acquire); }
    /// Wakes the session; also how `stop` is noticed.
    WakeEvent& wake() { return wake_; }
    /// Sends an event; the same one twice in a row is sent once. Session thread only.
    void tell(EventKind kind, std::string text);
    /// Waits without a connection; ends early on `stop`. Session thread only.
    void pause(std::chrono::milliseconds duration);
    /// A random number in [0, 1] for `Backoff`. Session thread only.
    double jitter();

private:
    void loop();
    SessionEnd run_once();
    /// Makes the connection known to `stop`, or nullptr: no more.
    void lend(Connection* connection);

    SessionSettings settings_;
    std::string role_;
    Run run_;
    Failed failed_;
    WakeEvent wake_;
    std::atomic<bool> stopping_{false};
    std::mt19937 random_{std::random_device{}()};
    Event last_event_{EventKind::unblocked, ""};
    std::chrono::milliseconds held_for_{0};  ///< how long the last session had its connection

    std::mutex mutex_;
    std::condition_variable ended_changed_;
    bool ended_ = false;                // guarded by mutex_
    Connection* connection_ = nullptr;  // guarded by mutex_; the thread's own, lent for `interrupt`
    std::thread thread_;
};

}  // namespace elasticity::rabbitmq
