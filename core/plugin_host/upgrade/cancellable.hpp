#pragma once
#include <functional>
#include <mutex>

namespace elasticity {

/// Lets another thread cancel what one is blocked in. Threads: `cancel` any; the rest is the blocked one's.
class Cancellable {
public:
    /// While it lives, `cancel` runs this; at once, when everything is cancelled already.
    class Scope {
    public:
        Scope(Cancellable& owner, std::function<void()> cancel) : owner_(owner) {
            const std::scoped_lock lock(owner_.mutex_);
            if (owner_.cancelled_) cancel();
            owner_.current_ = std::move(cancel);
        }
        ~Scope() {
            const std::scoped_lock lock(owner_.mutex_);
            owner_.current_ = nullptr;
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        Cancellable& owner_;
    };

    /// What runs, and whatever comes later.
    void cancel() {
        const std::scoped_lock lock(mutex_);
        cancelled_ = true;
        if (current_) current_();
    }
    bool cancelled() const {
        const std::scoped_lock lock(mutex_);
        return cancelled_;
    }

private:
    mutable std::mutex mutex_;
    bool cancelled_ = false;
    std::function<void()> current_;
};

}  // namespace elasticity
