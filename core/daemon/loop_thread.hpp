#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "core/runtime/control_loop.hpp"

namespace elasticity {

/// Wall-clock time at the start, driven on by the steady clock: it never jumps.
class SteadyWallClock : public Clock {
public:
    SteadyWallClock();
    TimePoint now() const override;

private:
    TimePoint wall_start_;
    std::chrono::steady_clock::time_point steady_start_;
};

/// The thread that runs the control loop: takes posted functions in order, and wakes when the loop wants to.
///
/// Threads: `post` from any; what is posted before `start` waits for it, what is posted after `stop` is dropped.
class LoopThread {
public:
    using Task = std::function<void(ControlLoop&)>;

    explicit LoopThread(const Clock& clock) : clock_(clock) {}
    ~LoopThread() { stop(); }

    void start(ControlLoop& loop);
    void post(Task task);
    void stop();

private:
    void run(ControlLoop& loop);

    const Clock& clock_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace elasticity
