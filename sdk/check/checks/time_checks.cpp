// Deadlines, cancellation, and calls at once.
#include <algorithm>
#include <atomic>
#include <thread>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/sinks.hpp"

namespace elasticity::check {
namespace {

constexpr milliseconds grace(2'000);  ///< after its deadline or its cancel a call is given up

/// Gives every function that may be refused a call that is over already.
void require_refused(const Subject& subject, els_code wanted, const sdk::HostCall& call,
                     const std::string& why) {
    Session session(subject);
    std::string next;
    require_return_within(grace, why + " list", [&] {
        require_code(wanted, session.list_page({}, next, call), "a " + why + " list");
    });
    require_return_within(grace, why + " inspect", [&] {
        require_code(wanted, session.inspect({"no-such-key", {}}, call), "a " + why + " inspect");
    });
}

void require_create_refused(const Subject& subject, els_code wanted, const sdk::HostCall& call,
                            const std::string& why) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    require_return_within(grace, why + " create",
                          [&] { require_code(wanted, session.create(spec, call), "a " + why + " create"); });
    require(session.listed().empty(), "a " + why + " create made an instance");
}

void cancelled_look_is_refused(const Subject& subject) {
    const auto call = new_call();
    call->cancel();
    require_refused(subject, ELS_CANCELLED, *call, "cancelled");
}

void cancelled_create_is_refused(const Subject& subject) {
    const auto call = new_call();
    call->cancel();
    require_create_refused(subject, ELS_CANCELLED, *call, "cancelled");
}

void late_look_is_refused(const Subject& subject) {
    const auto call = new_call(milliseconds(-1000));
    require_refused(subject, ELS_DEADLINE_EXCEEDED, *call, "late");
}

void late_create_is_refused(const Subject& subject) {
    const auto call = new_call(milliseconds(-1000));
    require_create_refused(subject, ELS_DEADLINE_EXCEEDED, *call, "late");
}

/// Whatever the interrupted create has left must be found by its key, or be made by the next one.
void require_adoptable(Session& session, const sdk::HostSpec& spec) {
    const auto settled = [&] {
        const auto created = session.create(spec);
        if (created.has_error() && created.error().code != ELS_ABORTED)
            fail("create after an interrupted one failed with " + text_of(created.error()));
        return created.has_value();
    };
    require(eventually(session.settle_limit(), settled),
            "create after an interrupted one is ABORTED for ever");
    require(session.listed().size() == 1, "an interrupted create and its repetition made two instances");
}

void cancel_in_create_returns(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const auto call = new_call();
    std::atomic<bool> begun{false};
    std::thread creating([&] {
        begun = true;
        const auto created = session.create(spec, *call);
        if (created.has_error()) require_code(ELS_CANCELLED, created, "a create cancelled on its way");
        call->cancel();  // tells the watcher that it is over
    });
    eventually(call_timeout, [&] { return begun.load(); });
    eventually(milliseconds(50), [&] { return call->cancelled(); });
    call->cancel();
    require_return_within(grace, "a create cancelled on its way", [&] { creating.join(); });
    require_adoptable(session, spec);
}

void create_returns_in_time(const Subject& subject) {
    constexpr milliseconds limit(100);
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    require_return_within(limit + grace, "a create with 100 ms to its deadline", [&] {
        const auto created = session.create(spec, *new_call(limit));
        if (created.has_error()) require_code(ELS_DEADLINE_EXCEEDED, created, "a create past its deadline");
    });
    require_adoptable(session, spec);
}

void list_returns_in_time(const Subject& subject) {
    constexpr milliseconds limit(500);
    Session session(subject);
    std::string next;
    require_return_within(limit + grace, "a list with 500 ms to its deadline",
                          [&] { session.list_page({}, next, *new_call(limit)); });
}

void probe_returns_in_time(const Subject& subject) {
    constexpr milliseconds limit(1'000);
    const Session session(subject);
    els_sink sink = deaf_sink();
    const auto call = new_call(limit);
    require_return_within(limit + grace, "a probe with 1 s to its deadline", [&] {
        invoke([&](els_error* error) {
            return session.plugin().probe(session.backend(), call->get(), &sink, error);
        });
    });
}

void no_deadline_is_none(const Subject& subject) {
    const Session session(subject);
    const auto given = new_call();
    els_call call = *given->get();
    call.deadline_mono_ns = 0;
    int count = 0;
    els_instance_sink found = counting_sink(count);
    els_sink next = deaf_sink();
    require_ok(invoke([&](els_error* error) {
                   return session.provisioner().list(session.backend(), &call, {}, &found, &next, error);
               }),
               "list without a deadline");
}

void looks_at_once(const Subject& subject) {
    Session session(subject);
    const auto look = [&] {
        for (int i = 0; i < 10; ++i) {
            require(session.listed().empty(), "a list shows what nobody made");
            require_code(ELS_NOT_FOUND, session.inspect({"no-such-key", {}}), "inspect of an unknown key");
        }
    };
    const unsigned count = calls_at_once(session.plugin(), 4);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) threads.emplace_back(look);
    for (std::thread& thread : threads) thread.join();
}

void changes_and_looks_at_once(const Subject& subject) {
    Session session(subject);
    const unsigned count = calls_at_once(session.plugin(), 3);
    const std::string kept = session.created().key;
    std::atomic<bool> over{false};
    std::thread looking([&] {
        do {
            const std::vector<sdk::HostInstance> listed = session.listed();
            const auto is_kept = [&](const sdk::HostInstance& instance) { return instance.key == kept; };
            require(std::count_if(listed.begin(), listed.end(), is_kept) == 1,
                    "a list beside creates and destroys misses an instance, or shows it twice");
        } while (!over);
    });
    std::vector<std::thread> changing;
    for (unsigned i = 1; i < count; ++i)
        changing.emplace_back([&] {
            for (int round = 0; round < 3; ++round) session.destroyed({session.created().key, {}});
        });
    for (std::thread& thread : changing) thread.join();
    over = true;
    looking.join();
}

}  // namespace

std::vector<Check> time_checks() {
    return {
        {"cancel.before_look_is_refused", "A list or inspect cancelled before it began is CANCELLED",
         cancelled_look_is_refused},
        creates("cancel.before_create_is_refused", "A create cancelled before it began makes nothing",
                cancelled_create_is_refused),
        creates("cancel.in_create_returns",
                "A create cancelled on its way returns within 2 s, and can be repeated",
                cancel_in_create_returns),
        {"deadline.late_look_is_refused", "A list or inspect past its deadline is DEADLINE_EXCEEDED",
         late_look_is_refused},
        creates("deadline.late_create_is_refused", "A create past its deadline makes nothing",
                late_create_is_refused),
        creates("deadline.create_returns_in_time",
                "A create returns at most 2 s after its deadline, and can be repeated",
                create_returns_in_time),
        {"deadline.list_returns_in_time", "A list returns at most 2 s after its deadline",
         list_returns_in_time},
        {"deadline.probe_returns_in_time", "A probe returns at most 2 s after its deadline",
         probe_returns_in_time},
        {"deadline.zero_is_none", "A call without a deadline is none that is past it", no_deadline_is_none},
        {"concurrency.looks_at_once", "Lists and inspects at once, up to max_concurrency", looks_at_once},
        creates("concurrency.changes_and_looks", "A list beside creates and destroys misses nothing",
                changes_and_looks_at_once),
    };
}

}  // namespace elasticity::check
