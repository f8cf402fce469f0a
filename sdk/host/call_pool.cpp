#include "sdk/host/call_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace elasticity::sdk {
namespace {

using Clock = HostCall::Clock;

/// A call inside the plugin. All but `call` is guarded by the pool's mutex.
struct RunningCall {
    RunningCall(QueuedCall&& from, Clock::time_point now)
        : queued(std::move(from)),
          call(queued.options.request_id, queued.options.attempt, now + queued.options.timeout),
          cancel_at(now + queued.options.timeout) {}

    const QueuedCall queued;
    HostCall call;
    Clock::time_point cancel_at;
    bool cancelled_by_owner = false;
    bool settled = false;  // Its completion is taken, by the worker or by the watchdog.
    bool abandoned = false;
};

using RunningCalls = std::vector<std::shared_ptr<RunningCall>>;

void refuse_all(std::vector<QueuedCall> calls, const HostError& error) {
    for (const QueuedCall& call : calls) call.refuse(error);
}

HostError wedged_error(const std::string& backend) {
    return host_error(ELS_UNAVAILABLE,
                      "backend " + backend + " is wedged: a call has not returned long after its deadline",
                      ELS_ERR_RETRY_SAME);
}

HostError stopping_error(const std::string& backend) {
    return host_error(ELS_CANCELLED, "backend " + backend + " is being closed", ELS_ERR_RETRY_SAME);
}

HostError full_error(const std::string& backend, std::size_t queue_max) {
    return host_error(ELS_RESOURCE_EXHAUSTED,
                      "backend " + backend + " has " + std::to_string(queue_max) + " calls waiting already",
                      ELS_ERR_RETRY_SAME);
}

}  // namespace

struct CallThreads::Shared {
    Shared(PoolTarget its_target, CallPoolOptions its_options)
        : target(std::move(its_target)), options(its_options), queue(options.queue_max) {}

    std::shared_ptr<RunningCall> wait_for_call(Takes takes);
    void run(RunningCall& running);
    std::function<void()> call_plugin(RunningCall& running);
    void work(std::size_t index, Takes takes);

    Clock::time_point cancel_and_abandon(Clock::time_point now, RunningCalls& abandoned);
    HostError abandoned_error(const RunningCall& running) const;
    void watch();

    void begin_stop();
    void await_workers();
    void end_threads();

    const PoolTarget target;
    const CallPoolOptions options;

    std::mutex mutex;
    std::condition_variable work_changed;
    std::condition_variable watch_changed;
    std::condition_variable worker_settled;
    CallQueue queue;
    std::map<CallId, std::shared_ptr<RunningCall>> running;
    CallId last_id = 0;
    std::size_t inside = 0;  // Abandoned calls that have not returned.
    bool stopping = false;
    bool watchdog_ends = false;
    std::vector<bool> ended;
    std::vector<std::thread> workers;
    std::thread watchdog;
};

CallThreads::CallThreads(PoolTarget target, CallPoolOptions options)
    : shared_(std::make_shared<Shared>(std::move(target), options)) {
    const std::size_t count = std::max(1u, options.threads);
    const std::lock_guard lock(shared_->mutex);
    shared_->ended.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const Takes takes = count == 1 ? Takes::all : i == 0 ? Takes::lists : Takes::others;
        shared_->workers.emplace_back([shared = shared_, i, takes] { shared->work(i, takes); });
    }
    shared_->watchdog = std::thread([shared = shared_] { shared->watch(); });
}

CallThreads::~CallThreads() {
    shared_->begin_stop();
    shared_->await_workers();
    shared_->end_threads();
}

CallId CallThreads::enqueue(CallOptions options, RunCall run, RefuseCall refuse) {
    const std::string& name = shared_->target.name;
    std::unique_lock lock(shared_->mutex);
    QueuedCall call{++shared_->last_id, std::move(options), std::move(run), std::move(refuse)};
    const CallId id = call.id;
    const bool stopping = shared_->stopping;
    const bool wedged = shared_->inside > 0;
    if (!stopping && !wedged && shared_->queue.push(std::move(call))) {
        shared_->work_changed.notify_all();
        return id;
    }
    lock.unlock();
    call.refuse(stopping ? stopping_error(name)
                : wedged ? wedged_error(name)
                         : full_error(name, shared_->options.queue_max));
    return id;
}

void CallThreads::cancel(CallId id) {
    std::unique_lock lock(shared_->mutex);
    if (const std::optional<QueuedCall> waiting = shared_->queue.remove(id)) {
        lock.unlock();
        waiting->refuse(host_error(ELS_CANCELLED, waiting->options.what + " was cancelled before it began"));
        return;
    }
    const auto found = shared_->running.find(id);
    if (found == shared_->running.end()) return;
    found->second->cancelled_by_owner = true;
    found->second->cancel_at = std::min(found->second->cancel_at, Clock::now());
    shared_->watch_changed.notify_all();
}

bool CallThreads::wedged() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->inside > 0;
}

void CallThreads::Shared::work(std::size_t index, Takes takes) {
    while (const std::shared_ptr<RunningCall> next = wait_for_call(takes)) run(*next);
    const std::lock_guard lock(mutex);
    ended[index] = true;
    worker_settled.notify_all();
}

/// Null when the pool stops.
std::shared_ptr<RunningCall> CallThreads::Shared::wait_for_call(Takes takes) {
    std::unique_lock lock(mutex);
    while (true) {
        if (stopping) return nullptr;
        std::optional<QueuedCall> next = inside > 0 ? std::nullopt : queue.take(takes);
        if (!next) {
            work_changed.wait(lock);
            continue;
        }
        auto started = std::make_shared<RunningCall>(std::move(*next), Clock::now());
        running.emplace(started->queued.id, started);
        watch_changed.notify_all();
        return started;
    }
}

/// The key is released only after the completion, so that completions of one key come in order.
void CallThreads::Shared::run(RunningCall& call) {
    const std::function<void()> deliver = call_plugin(call);
    std::unique_lock lock(mutex);
    const bool is_ours = !call.settled;
    call.settled = true;
    lock.unlock();
    if (is_ours) deliver();
    lock.lock();
    if (call.abandoned) --inside;
    queue.release(call.queued.options);
    running.erase(call.queued.id);
    work_changed.notify_all();
}

/// Memory may run out while an answer is copied; a change may then be done.
std::function<void()> CallThreads::Shared::call_plugin(RunningCall& call) {
    try {
        return call.queued.run(call.call);
    } catch (const std::exception& thrown) {
        const CallOptions& what = call.queued.options;
        const HostError error = host_error(ELS_INTERNAL, what.what + ": " + thrown.what(),
                                           what.kind == CallKind::change ? ELS_ERR_MAYBE_DONE : 0);
        return [&call, error] { call.queued.refuse(error); };
    }
}

/// Cancels the running calls whose time is up, moves those past their grace to `abandoned`, and returns when
/// to look again.
Clock::time_point CallThreads::Shared::cancel_and_abandon(Clock::time_point now, RunningCalls& abandoned) {
    Clock::time_point next = Clock::time_point::max();
    for (const auto& [id, call] : running) {
        if (call->settled) continue;
        const Clock::time_point abandon_at = call->cancel_at + options.abandon_grace;
        if (now >= call->cancel_at) call->call.cancel();
        if (now < abandon_at) {
            next = std::min(next, now < call->cancel_at ? call->cancel_at : abandon_at);
            continue;
        }
        call->settled = true;
        call->abandoned = true;
        ++inside;
        abandoned.push_back(call);
    }
    return next;
}

HostError CallThreads::Shared::abandoned_error(const RunningCall& call) const {
    const CallOptions& what = call.queued.options;
    const std::string grace = std::to_string(options.abandon_grace.count());
    return host_error(call.cancelled_by_owner ? ELS_CANCELLED : ELS_DEADLINE_EXCEEDED,
                      what.what + (what.key.empty() ? "" : " " + what.key) + " on " + target.name +
                          " did not return within " + grace + " ms of being cancelled",
                      what.kind == CallKind::change ? ELS_ERR_MAYBE_DONE : ELS_ERR_RETRY_SAME);
}

void CallThreads::Shared::watch() {
    std::unique_lock lock(mutex);
    while (!watchdog_ends) {
        RunningCalls abandoned;
        const Clock::time_point next = cancel_and_abandon(Clock::now(), abandoned);
        if (!abandoned.empty()) {
            std::vector<QueuedCall> waiting = queue.clear();
            lock.unlock();
            for (const auto& call : abandoned) call->queued.refuse(abandoned_error(*call));
            refuse_all(std::move(waiting), wedged_error(target.name));
            lock.lock();
            worker_settled.notify_all();
        } else if (next == Clock::time_point::max()) {
            watch_changed.wait(lock);
        } else {
            watch_changed.wait_until(lock, next);
        }
    }
}

void CallThreads::Shared::begin_stop() {
    std::unique_lock lock(mutex);
    stopping = true;
    std::vector<QueuedCall> waiting = queue.clear();
    for (const auto& [id, call] : running) {
        call->cancelled_by_owner = true;
        call->cancel_at = std::min(call->cancel_at, Clock::now());
    }
    work_changed.notify_all();
    watch_changed.notify_all();
    lock.unlock();
    refuse_all(std::move(waiting), stopping_error(target.name));
}

/// The watchdog abandons whatever does not return, so this ends.
void CallThreads::Shared::await_workers() {
    std::unique_lock lock(mutex);
    const auto all_settled = [this] {
        const auto ended_count = static_cast<std::size_t>(std::count(ended.begin(), ended.end(), true));
        return ended_count + inside == workers.size();
    };
    worker_settled.wait(lock, all_settled);
    watchdog_ends = true;
    watch_changed.notify_all();
}

void CallThreads::Shared::end_threads() {
    watchdog.join();
    std::unique_lock lock(mutex);
    const std::vector<bool> ended_now = ended;
    lock.unlock();
    for (std::size_t i = 0; i < workers.size(); ++i) {
        if (ended_now[i]) {
            workers[i].join();
            continue;
        }
        workers[i].detach();
        target.complain("backend " + target.name + ": a call has not returned; its thread is left behind");
    }
}

}  // namespace elasticity::sdk
