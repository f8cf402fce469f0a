#include "sdk/host/call_pool.hpp"

#include <poll.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "tests/unit/sdk/support.hpp"

using namespace elasticity::sdk;
using namespace elasticity::sdk::test;
using std::chrono::milliseconds;

namespace {

using Outcome = HostResult<std::string>;

CallOptions options_of(CallKind kind, const std::string& key = "",
                       milliseconds timeout = std::chrono::seconds(30)) {
    CallOptions options;
    options.kind = kind;
    options.what = "create";
    options.key = key;
    options.timeout = timeout;
    return options;
}

/// Submits work, and returns a future of its outcome.
std::future<Outcome> submit(CallPool& pool, CallOptions options, CallPool::Work<std::string> work,
                            CallId* id = nullptr) {
    const auto outcome = std::make_shared<std::promise<Outcome>>();
    const CallId submitted = pool.submit<std::string>(
        std::move(options), std::move(work), [outcome](Outcome result) { outcome->set_value(result); });
    if (id != nullptr) *id = submitted;
    return outcome->get_future();
}

CallPool::Work<std::string> answer(const std::string& text) {
    return [text](Backend&, HostCall&) -> Outcome { return text; };
}

/// Waits for the gate whatever the host says, as a hung provider does.
CallPool::Work<std::string> wait_at(const Gate& gate, const std::string& text = "waited") {
    return [opened = gate.opened(), text](Backend&, HostCall&) -> Outcome {
        opened.wait();
        return text;
    };
}

/// Returns as soon as it is cancelled, as a good plugin does.
Outcome until_cancelled(Backend&, HostCall& call) {
    pollfd cancel{call.get()->cancel_fd, POLLIN, 0};
    poll(&cancel, 1, -1);
    return host_error(ELS_CANCELLED, call.cancelled() ? "told" : "not told");
}

bool is_ready(const std::future<Outcome>& outcome) {
    return outcome.wait_for(milliseconds(0)) == std::future_status::ready;
}

/// Work that tells when it has started.
CallPool::Work<std::string> telling(std::promise<void>& started, CallPool::Work<std::string> work) {
    return [&started, work = std::move(work)](Backend& backend, HostCall& call) -> Outcome {
        started.set_value();
        return work(backend, call);
    };
}

/// Two threads, one of them for lists: one at a time of everything else.
CallPoolOptions narrow(milliseconds grace = std::chrono::seconds(30)) {
    CallPoolOptions options;
    options.threads = 2;
    options.queue_max = 2;
    options.abandon_grace = grace;
    return options;
}

}  // namespace

TEST_CASE("call pool: a call's answer reaches its completion") {
    CallPool pool(open_noop(), {});
    CHECK(submit(pool, options_of(CallKind::look), answer("seen")).get().value() == "seen");
}

TEST_CASE("call pool: at its deadline a call is cancelled, and its own answer counts") {
    CallPool pool(open_noop(), narrow());
    auto outcome = submit(pool, options_of(CallKind::change, "a", milliseconds(5)), until_cancelled);
    CHECK(outcome.get().error().message == "told");
    CHECK_FALSE(pool.wedged());
}

TEST_CASE("call pool: a call that ignores its deadline is abandoned, and wedges the backend meanwhile") {
    Gate gate;
    CallPool pool(open_noop(), narrow(milliseconds(5)));
    auto hung = submit(pool, options_of(CallKind::change, "a", milliseconds(5)), wait_at(gate));
    const HostError abandoned = hung.get().error();
    CHECK(abandoned.code == ELS_DEADLINE_EXCEEDED);
    CHECK(abandoned.maybe_done());
    CHECK(abandoned.message == "create a on test did not return within 5 ms of being cancelled");
    CHECK(pool.wedged());
    CHECK(submit(pool, options_of(CallKind::list), answer("")).get().error().code == ELS_UNAVAILABLE);

    gate.open();
    while (pool.wedged()) std::this_thread::yield();
    CHECK(submit(pool, options_of(CallKind::change, "a"), answer("again")).get().value() == "again");
}

TEST_CASE("call pool: an abandoned call that changes nothing is not maybe done") {
    Gate gate;
    CallPool pool(open_noop(), narrow(milliseconds(1)));
    auto hung = submit(pool, options_of(CallKind::look, "", milliseconds(1)), wait_at(gate));
    CHECK_FALSE(hung.get().error().maybe_done());
    gate.open();
}

TEST_CASE("call pool: what waits when the backend gets wedged is refused, not left waiting") {
    Gate gate;
    CallPool pool(open_noop(), narrow(milliseconds(1)));
    auto hung = submit(pool, options_of(CallKind::change, "a", milliseconds(50)), wait_at(gate));
    auto waiting = submit(pool, options_of(CallKind::change, "b"), answer("never"));
    CHECK(code_of(waiting.get()) == "UNAVAILABLE");
    gate.open();
}

TEST_CASE("call pool: a full queue refuses at once") {
    Gate gate;
    CallPool pool(open_noop(), narrow());
    std::promise<void> started;
    auto running = submit(pool, options_of(CallKind::look), telling(started, wait_at(gate)));
    started.get_future().wait();
    auto first = submit(pool, options_of(CallKind::look), answer(""));
    auto second = submit(pool, options_of(CallKind::look), answer(""));
    auto third = submit(pool, options_of(CallKind::look), answer(""));
    REQUIRE(is_ready(third));
    const HostError refused = third.get().error();
    CHECK(refused.code == ELS_RESOURCE_EXHAUSTED);
    CHECK(refused.message == "backend test has 2 calls waiting already");
    gate.open();
    CHECK(first.get().has_value());
    CHECK(second.get().has_value());
}

TEST_CASE("call pool: two changes of one key never overlap, another key goes on meanwhile") {
    Gate gate;
    CallPool pool(open_noop(), {});
    std::atomic<bool> first_returned{false};
    auto first = submit(pool, options_of(CallKind::change, "a"), [&](Backend&, HostCall&) -> Outcome {
        gate.wait();
        first_returned = true;
        return std::string();
    });
    auto second = submit(pool, options_of(CallKind::change, "a"), [&](Backend&, HostCall&) -> Outcome {
        return std::string(first_returned ? "after the first" : "beside the first");
    });
    auto other = submit(pool, options_of(CallKind::change, "b"), answer("meanwhile"));
    CHECK(other.get().value() == "meanwhile");
    CHECK_FALSE(is_ready(second));
    gate.open();
    CHECK(second.get().value() == "after the first");
}

TEST_CASE("call pool: changes that fill every thread do not starve a list") {
    Gate gate;
    CallPool pool(open_noop(), narrow());
    auto first = submit(pool, options_of(CallKind::change, "a"), wait_at(gate));
    auto second = submit(pool, options_of(CallKind::change, "b"), wait_at(gate));
    CHECK(submit(pool, options_of(CallKind::list), answer("listed")).get().value() == "listed");
    CHECK_FALSE(is_ready(first));
    gate.open();
}

TEST_CASE("call pool: cancel: a waiting call never starts, a running one is told") {
    CallPool pool(open_noop(), narrow());
    CallId running_id = 0, waiting_id = 0;
    std::promise<void> started;
    auto running =
        submit(pool, options_of(CallKind::change, "a"), telling(started, until_cancelled), &running_id);
    started.get_future().wait();
    auto waiting = submit(pool, options_of(CallKind::change, "a"), answer("started"), &waiting_id);
    pool.cancel(waiting_id);
    CHECK(waiting.get().error().message == "create was cancelled before it began");
    CHECK_FALSE(is_ready(running));
    pool.cancel(running_id);
    CHECK(running.get().error().message == "told");
    pool.cancel(running_id);  // Done already: nothing.
}

TEST_CASE("call pool: closing cancels what runs and refuses what waits") {
    std::future<Outcome> running, waiting;
    {
        CallPool pool(open_noop(), narrow());
        std::promise<void> started;
        running = submit(pool, options_of(CallKind::change, "a"), telling(started, until_cancelled));
        started.get_future().wait();
        waiting = submit(pool, options_of(CallKind::change, "b"), answer("started"));
    }
    CHECK(running.get().error().message == "told");
    CHECK(waiting.get().error().message == "backend test is being closed");
}

TEST_CASE("call pool: closing leaves a thread that never returns behind, with a message") {
    const auto gate = std::make_shared<Gate>();
    const auto closed = std::make_shared<std::promise<void>>();
    std::vector<std::string> lines;
    HostOptions host;
    host.log = [&lines, last = std::shared_ptr<void>(nullptr, [closed](void*) { closed->set_value(); })](
                   const HostLogLine& line) { lines.push_back(line.message); };
    std::future<Outcome> hung;
    {
        std::promise<void> started;
        CallPool pool(open_backend(NOOP_PLUGIN, "{}", std::move(host)), narrow(milliseconds(5)));
        const auto hang = [&started, gate](Backend&, HostCall&) -> Outcome {
            started.set_value();
            gate->wait();
            return std::string();
        };
        hung = submit(pool, options_of(CallKind::change, "a"), hang);
        started.get_future().wait();
    }
    CHECK(hung.get().error().code == ELS_CANCELLED);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "backend test: a call has not returned; its thread is left behind");
    gate->open();
    closed->get_future().wait();  // The late thread frees the backend.
}

TEST_CASE("call pool: under load every call completes exactly once, and no key overlaps") {
    constexpr int submitters = 4, calls_each = 500, keys = 5;
    CallPoolOptions options;
    options.threads = 6;
    options.queue_max = submitters * calls_each;
    std::atomic<int> completed{0}, overlaps{0};
    std::atomic<int> in_flight[keys]{};
    {
        CallPool pool(open_noop(), options);
        std::vector<std::thread> threads;
        for (int submitter = 0; submitter < submitters; ++submitter)
            threads.emplace_back([&] {
                for (int i = 0; i < calls_each; ++i) {
                    const int key = i % keys;
                    pool.submit<std::string>(
                        options_of(CallKind::change, std::to_string(key)),
                        [&, key](Backend& backend, HostCall& call) -> Outcome {
                            if (++in_flight[key] > 1) ++overlaps;
                            const auto created = backend.create(call, spec_of(std::to_string(key)));
                            --in_flight[key];
                            return created.has_value() ? Outcome(created->id) : Outcome(created.error());
                        },
                        [&](Outcome) { ++completed; });
                }
            });
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(completed == submitters * calls_each);
    CHECK(overlaps == 0);
}
