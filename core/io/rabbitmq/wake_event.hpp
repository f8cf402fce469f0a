#pragma once
#include <chrono>

namespace elasticity::rabbitmq {

/// An eventfd: any thread may `notify`, and a thread that polls `fd` beside its socket wakes up.
class WakeEvent {
public:
    WakeEvent();
    ~WakeEvent();
    WakeEvent(const WakeEvent&) = delete;
    WakeEvent& operator=(const WakeEvent&) = delete;

    void notify();
    /// Forgets the notifications so far.
    void clear();
    /// Waits for a notification at most this long, and leaves it pending.
    bool wait_for(std::chrono::milliseconds timeout);
    int fd() const { return fd_; }

private:
    int fd_;
};

}  // namespace elasticity::rabbitmq
