#include "sdk/host/call_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace elasticity::sdk {
namespace {

QueuedCall extract(std::deque<QueuedCall>& calls, std::deque<QueuedCall>::iterator position) {
    QueuedCall call = std::move(*position);
    calls.erase(position);
    return call;
}

bool occupies_key(const CallOptions& options) {
    return options.kind == CallKind::change && !options.key.empty();
}

}  // namespace

bool CallQueue::push(QueuedCall&& call) {
    std::deque<QueuedCall>& calls = call.options.kind == CallKind::list ? lists_ : others_;
    if (calls.size() >= max_waiting_) return false;
    calls.push_back(std::move(call));
    return true;
}

std::optional<QueuedCall> CallQueue::take(Takes takes) {
    if (takes != Takes::others && !lists_.empty()) return extract(lists_, lists_.begin());
    if (takes != Takes::lists) return take_other();
    return std::nullopt;
}

std::optional<QueuedCall> CallQueue::take_other() {
    const auto may_start = [this](const QueuedCall& call) {
        return !occupies_key(call.options) || !busy_keys_.contains(call.options.key);
    };
    const auto next = std::find_if(others_.begin(), others_.end(), may_start);
    if (next == others_.end()) return std::nullopt;
    if (occupies_key(next->options)) busy_keys_.insert(next->options.key);
    return extract(others_, next);
}

void CallQueue::release(const CallOptions& options) {
    if (occupies_key(options)) busy_keys_.erase(options.key);
}

std::optional<QueuedCall> CallQueue::remove(CallId id) {
    for (std::deque<QueuedCall>* calls : {&lists_, &others_})
        for (auto call = calls->begin(); call != calls->end(); ++call)
            if (call->id == id) return extract(*calls, call);
    return std::nullopt;
}

std::vector<QueuedCall> CallQueue::clear() {
    std::vector<QueuedCall> all;
    for (std::deque<QueuedCall>* calls : {&lists_, &others_}) {
        std::move(calls->begin(), calls->end(), std::back_inserter(all));
        calls->clear();
    }
    return all;
}

}  // namespace elasticity::sdk
