#include "sdk/host/call_queue.hpp"

#include <catch2/catch.hpp>

using namespace elasticity::sdk;

namespace {

QueuedCall queued(CallId id, CallKind kind, const std::string& key = "") {
    QueuedCall call;
    call.id = id;
    call.options.kind = kind;
    call.options.key = key;
    return call;
}

/// The id of the next call, 0 for none.
CallId taken(CallQueue& queue, Takes takes) {
    const std::optional<QueuedCall> call = queue.take(takes);
    return call ? call->id : 0;
}

}  // namespace

TEST_CASE("call queue: lists go first, the rest in order") {
    CallQueue queue(10);
    queue.push(queued(1, CallKind::change, "a"));
    queue.push(queued(2, CallKind::look));
    queue.push(queued(3, CallKind::list));
    CHECK(taken(queue, Takes::all) == 3);
    CHECK(taken(queue, Takes::all) == 1);
    CHECK(taken(queue, Takes::all) == 2);
    CHECK(taken(queue, Takes::all) == 0);
}

TEST_CASE("call queue: a worker takes only what is its kind") {
    CallQueue queue(10);
    queue.push(queued(1, CallKind::look));
    CHECK(taken(queue, Takes::lists) == 0);
    queue.push(queued(2, CallKind::list));
    CHECK(taken(queue, Takes::others) == 1);
    CHECK(taken(queue, Takes::others) == 0);
    CHECK(taken(queue, Takes::lists) == 2);
}

TEST_CASE("call queue: a change waits for the one of its key, and others overtake it") {
    CallQueue queue(10);
    const CallOptions first = queued(1, CallKind::change, "a").options;
    queue.push(queued(1, CallKind::change, "a"));
    queue.push(queued(2, CallKind::change, "a"));
    queue.push(queued(3, CallKind::change, "b"));
    queue.push(queued(4, CallKind::look, "a"));
    CHECK(taken(queue, Takes::others) == 1);
    CHECK(taken(queue, Takes::others) == 3);
    CHECK(taken(queue, Takes::others) == 4);
    CHECK(taken(queue, Takes::others) == 0);
    queue.release(first);
    CHECK(taken(queue, Takes::others) == 2);
}

TEST_CASE("call queue: full of others, it still takes a list") {
    CallQueue queue(1);
    CHECK(queue.push(queued(1, CallKind::look)));
    CHECK_FALSE(queue.push(queued(2, CallKind::change, "a")));
    CHECK(queue.push(queued(3, CallKind::list)));
    CHECK_FALSE(queue.push(queued(4, CallKind::list)));
    CHECK(queue.clear().size() == 2);
}
