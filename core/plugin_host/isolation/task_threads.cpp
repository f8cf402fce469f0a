#include "core/plugin_host/isolation/task_threads.hpp"

namespace elasticity {

TaskThreads::~TaskThreads() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool TaskThreads::post(std::function<void()> task) {
    const std::scoped_lock lock(mutex_);
    const bool needs_thread = tasks_.size() >= idle_;
    if (needs_thread && threads_.size() == threads_max_) return false;
    tasks_.push_back(std::move(task));
    if (needs_thread) threads_.emplace_back([this] { work(); });
    changed_.notify_one();
    return true;
}

/// A thread is idle from the end of its task on, so that the next one needs no other.
void TaskThreads::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        --idle_;
        if (tasks_.empty()) return;
        const std::function<void()> task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        lock.lock();
    }
}

}  // namespace elasticity
