#include "core/daemon/loop_thread.hpp"

#include <algorithm>

namespace elasticity {

SteadyWallClock::SteadyWallClock()
    : wall_start_(std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())),
      steady_start_(std::chrono::steady_clock::now()) {}

TimePoint SteadyWallClock::now() const {
    return wall_start_ + std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - steady_start_);
}

void LoopThread::start(ControlLoop& loop) {
    thread_ = std::thread([this, &loop] { run(loop); });
}

void LoopThread::post(Task task) {
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_) return;
        tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
}

void LoopThread::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void LoopThread::run(ControlLoop& loop) {
    std::deque<Task> tasks;
    for (;;) {
        for (const Task& task : tasks) task(loop);
        tasks.clear();
        const TimePoint next = loop.run_due();
        std::unique_lock lock(mutex_);
        // Rounded up, so that the loop is not woken just before it is due.
        const Millis sleep = std::max(next - clock_.now(), Millis(0)) + Millis(next > clock_.now() ? 1 : 0);
        wake_.wait_for(lock, sleep, [&] { return stopping_ || !tasks_.empty(); });
        if (stopping_) return;
        tasks.swap(tasks_);
    }
}

}  // namespace elasticity
