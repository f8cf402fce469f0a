#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sdk/host/backend.hpp"
#include "sdk/host/call_queue.hpp"

namespace elasticity::sdk {

struct CallPoolOptions {
    unsigned threads = 4;          ///< the smaller of what is configured and the plugin's max_concurrency
    std::size_t queue_max = 1024;  ///< calls that wait: that many lists, and as many others
    std::chrono::milliseconds abandon_grace{2'000};  ///< from the cancel of a call to giving it up
};

/// What a pool must know of that whose calls it makes.
struct PoolTarget {
    std::string name;                      ///< of the backend, for messages
    std::shared_ptr<const void> lifetime;  ///< held for as long as a thread may be inside
    std::function<void(const std::string&)> complain;
};

/// The threads on which one backend's calls run. Knows nothing of what it calls: see PoolOf.
///
/// Every submitted call completes exactly once. At its deadline a call is cancelled; one that does not return
/// within the grace after that is abandoned: it completes as DEADLINE_EXCEEDED, with MAYBE_DONE if it is a
/// change, and as long as its thread is inside the plugin the backend is wedged and starts no new calls.
///
/// Completions run on a thread of the pool (those of a refused submit or cancel on the caller's), so they
/// must be short, must not throw, and must not destroy the pool.
class CallThreads {
public:
    CallThreads(PoolTarget target, CallPoolOptions options);

    /// Refuses what waits, cancels what runs, and returns soon after the grace at the latest. A thread that
    /// is still inside the plugin then is left behind, with a message; it keeps the target alive.
    ~CallThreads();
    CallThreads(const CallThreads&) = delete;
    CallThreads& operator=(const CallThreads&) = delete;

    /// Any thread. A waiting call completes as CANCELLED; a running one is told, and abandoned if it does not
    /// return within the grace. For an id that is done: nothing.
    void cancel(CallId id);

    /// An abandoned call is still inside the plugin.
    bool wedged() const;

protected:
    CallId enqueue(CallOptions options, RunCall run, RefuseCall refuse);

private:
    struct Shared;

    std::shared_ptr<Shared> shared_;  // Outlives the pool where a thread is left behind.
};

/// A pool for the calls of a `Target`, which has `name()` and `complain(message)`.
template <class Target>
class PoolOf : public CallThreads {
public:
    template <class T>
    using Work = std::function<HostResult<T>(Target&, HostCall&)>;
    template <class T>
    using Completion = std::function<void(HostResult<T>)>;

    PoolOf(std::shared_ptr<Target> target, CallPoolOptions options)
        : CallThreads({target->name(), target,
                       [its = target.get()](const std::string& message) { its->complain(message); }},
                      options),
          target_(std::move(target)) {}

    /// Any thread. Refuses at once, through `done`, when the queue is full (RESOURCE_EXHAUSTED) or the
    /// backend is wedged (UNAVAILABLE).
    template <class T>
    CallId submit(CallOptions options, Work<T> work, Completion<T> done) {
        const auto completion = std::make_shared<const Completion<T>>(std::move(done));
        RunCall run = [target = target_, work = std::move(work), completion](HostCall& call) {
            return std::function<void()>(
                [completion, result = work(*target, call)]() mutable { (*completion)(std::move(result)); });
        };
        RefuseCall refuse = [completion](HostError error) { (*completion)(std::move(error)); };
        return enqueue(std::move(options), std::move(run), std::move(refuse));
    }

private:
    const std::shared_ptr<Target> target_;
};

using CallPool = PoolOf<Backend>;

}  // namespace elasticity::sdk
