#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sdk/host/call.hpp"
#include "sdk/host/error.hpp"

namespace elasticity::sdk {

using CallId = std::uint64_t;

enum class CallKind {
    list,    ///< has a reserved thread where there is more than one, and goes first where there is not
    look,    ///< inspect, validate, probe: changes nothing
    change,  ///< create, destroy: never two of one key in flight
};

struct CallOptions {
    CallKind kind = CallKind::look;
    std::string what;  ///< "create": for messages
    std::string key;   ///< of the instance, for a change
    std::string request_id;
    unsigned attempt = 1;
    std::chrono::milliseconds timeout{10'000};  ///< counted from the start of the call, not of the wait
};

/// Runs a call, and returns what delivers its result.
using RunCall = std::function<std::function<void()>(HostCall&)>;
/// Completes a call that did not return a result of its own.
using RefuseCall = std::function<void(HostError)>;

struct QueuedCall {
    CallId id = 0;
    CallOptions options;
    RunCall run;
    RefuseCall refuse;
};

/// What a worker thread takes.
enum class Takes { lists, others, all };

/// The calls that wait, and the keys that have a change in flight. Not synchronised.
class CallQueue {
public:
    /// At most `max_waiting` lists, and as many others.
    explicit CallQueue(std::size_t max_waiting) : max_waiting_(max_waiting) {}

    /// False when full: the call is still the caller's.
    bool push(QueuedCall&& call);

    /// The next call that may start, lists first. A change occupies its key until release().
    std::optional<QueuedCall> take(Takes takes);
    void release(const CallOptions& options);

    std::optional<QueuedCall> remove(CallId id);
    std::vector<QueuedCall> clear();

private:
    std::optional<QueuedCall> take_other();

    std::size_t max_waiting_;
    std::deque<QueuedCall> lists_;
    std::deque<QueuedCall> others_;
    std::set<std::string> busy_keys_;
};

}  // namespace elasticity::sdk
