#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace elasticity {

/// Runs tasks at once, each on a thread of its own that later ones use again. Its destructor waits for all.
/// Threads: one posts.
class TaskThreads {
public:
    explicit TaskThreads(std::size_t threads_max) : threads_max_(threads_max) {}
    ~TaskThreads();
    TaskThreads(const TaskThreads&) = delete;
    TaskThreads& operator=(const TaskThreads&) = delete;

    /// False when all threads are busy and there may be no more.
    bool post(std::function<void()> task);

private:
    void work();

    const std::size_t threads_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace elasticity
