#pragma once
#include <memory>
#include <mutex>
#include <utility>

#include "core/plugin_host/upgrade/plugin_generation.hpp"

namespace elasticity {

/// Where a backend's calls go: to the generation that serves at the time when they are submitted. What that one has
/// taken it finishes. Threads: any.
class BackendSlot {
public:
    explicit BackendSlot(std::shared_ptr<PluginGeneration> first) : current_(std::move(first)) {}

    std::shared_ptr<PluginGeneration> current() const {
        const std::scoped_lock lock(mutex_);
        return current_;
    }

    /// From here on calls go to `next`.
    void serve(std::shared_ptr<PluginGeneration> next) {
        const std::scoped_lock lock(mutex_);
        std::swap(current_, next);
    }

    /// As BackendPool::submit.
    template <class T>
    void submit(sdk::CallOptions options, BackendPool::Work<T> work, BackendPool::Completion<T> done) {
        const Submission submission(*this);
        const std::shared_ptr<GenerationHealth>& health = submission.generation->health();
        health->begin_call();
        submission.generation->pool().submit<T>(
            std::move(options), std::move(work), [health, done = std::move(done)](sdk::HostResult<T> result) {
                health->end_call(result ? std::nullopt : std::optional(result.error()));
                done(std::move(result));
            });
    }

private:
    /// Counts as a call in flight, so that no generation is drained while somebody is about to hand it a call.
    struct Submission {
        explicit Submission(const BackendSlot& slot) : generation(slot.take()) {}
        ~Submission() { generation->health()->take_back_call(); }
        Submission(const Submission&) = delete;
        Submission& operator=(const Submission&) = delete;

        const std::shared_ptr<PluginGeneration> generation;
    };

    std::shared_ptr<PluginGeneration> take() const {
        const std::scoped_lock lock(mutex_);
        current_->health()->begin_call();
        return current_;
    }

    mutable std::mutex mutex_;
    std::shared_ptr<PluginGeneration> current_;
};

}  // namespace elasticity
