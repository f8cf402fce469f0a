#include "core/io/rabbitmq/session.hpp"

#include <utility>

#include "core/io/rabbitmq/connection.hpp"

namespace elasticity::rabbitmq {

SessionThread::SessionThread(SessionSettings settings, std::string role, Run run, Failed failed)
    : settings_(std::move(settings)),
      role_(std::move(role)),
      run_(std::move(run)),
      failed_(std::move(failed)) {}

SessionThread::~SessionThread() {
    stop(std::chrono::milliseconds(0));
}

void SessionThread::start() {
    thread_ = std::thread([this] { loop(); });
}

void SessionThread::stop(std::chrono::milliseconds grace) {
    if (!thread_.joinable()) return;
    stopping_.store(true, std::memory_order_release);
    wake_.notify();
    {
        std::unique_lock lock(mutex_);
        if (!ended_changed_.wait_for(lock, grace, [this] { return ended_; }) && connection_ != nullptr) {
            connection_->interrupt();
        }
    }
    thread_.join();
}

void SessionThread::tell(EventKind kind, std::string text) {
    Event event{kind, std::move(text)};
    if (event.kind == last_event_.kind && event.text == last_event_.text) return;
    last_event_ = event;
    if (settings_.on_event) settings_.on_event(event);
}

void SessionThread::pause(std::chrono::milliseconds duration) {
    const auto deadline = std::chrono::steady_clock::now() + duration;
    while (!stopping()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !wake_.wait_for(left)) return;
        // Nothing can be done for the caller of `notify` without a connection; a new session looks anyway.
        wake_.clear();
    }
}

double SessionThread::jitter() {
    return std::uniform_real_distribution<double>(0.0, 1.0)(random_);
}

void SessionThread::loop() {
    Backoff backoff(settings_.backoff);
    while (!stopping()) {
        const SessionEnd end = run_once();
        if (stopping()) break;
        tell(end.event.kind, end.event.text);
        if (failed_) failed_(Error{ErrorKind::unavailable, end.event.text});
        if (end.final) break;
        backoff.held_for(held_for_);
        pause(backoff.next(jitter()));
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ended_changed_.notify_all();
}

SessionEnd SessionThread::run_once() {
    held_for_ = std::chrono::milliseconds(0);
    auto endpoint = settings_.endpoint();
    if (endpoint.has_error()) return {{EventKind::disconnected, endpoint.error().message}};
    auto connection = Connection::open(*endpoint, settings_.module_name, role_);
    if (connection.has_error()) return {{EventKind::disconnected, connection.error().message}};

    const auto began = std::chrono::steady_clock::now();
    lend(connection->get());
    SessionEnd end = run_(**connection);
    lend(nullptr);
    (*connection)->close();
    held_for_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    return end;
}

void SessionThread::lend(Connection* connection) {
    const std::lock_guard lock(mutex_);
    connection_ = connection;
}

}  // namespace elasticity::rabbitmq
