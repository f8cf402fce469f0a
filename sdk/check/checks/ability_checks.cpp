// Interfaces that a plugin may offer.
#include <thread>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

const els_lifecycle_v1& lifecycle_of(const Session& session) {
    const auto& table = session.interface<els_lifecycle_v1>(ELS_IF_LIFECYCLE);
    require(ELS_HAS_FN(&table, els_lifecycle_v1, start) && table.suspend != nullptr &&
                table.resume != nullptr && table.stop != nullptr,
            "elasticity.lifecycle/1 lacks a function");
    return table;
}

/// Makes one call of the lifecycle or drain interface, twice: the second time it must succeed as well.
template <class Function>
void twice(const std::string& what, const Function& function) {
    for (int i = 0; i < 2; ++i) {
        const auto call = new_call();
        require_ok(invoke([&](els_error* error) { return function(call->get(), error); }),
                   i == 0 ? what : what + " again");
    }
}

void suspend_and_resume(const Subject& subject) {
    Session session(subject);
    const els_lifecycle_v1& lifecycle = lifecycle_of(session);
    const std::string key = session.created().key;
    session.await_state(key, sdk::HostState::running);
    const sdk::HostRef ref{key, {}};
    const els_ref borrowed = sdk::borrowed_ref(ref);
    twice("suspend", [&](auto* call, auto* error) {
        return lifecycle.suspend(session.backend(), call, &borrowed, error);
    });
    session.await_state(key, sdk::HostState::suspended);
    twice("resume", [&](auto* call, auto* error) {
        return lifecycle.resume(session.backend(), call, &borrowed, error);
    });
    session.await_state(key, sdk::HostState::running);
}

void stop_and_start(const Subject& subject) {
    Session session(subject);
    const els_lifecycle_v1& lifecycle = lifecycle_of(session);
    const std::string key = session.created().key;
    session.await_state(key, sdk::HostState::running);
    const sdk::HostRef ref{key, {}};
    const els_ref borrowed = sdk::borrowed_ref(ref);
    twice("stop", [&](auto* call, auto* error) {
        return lifecycle.stop(session.backend(), call, &borrowed, 0, error);
    });
    session.await_state(key, sdk::HostState::stopped);
    twice("start", [&](auto* call, auto* error) {
        return lifecycle.start(session.backend(), call, &borrowed, error);
    });
    session.await_state(key, sdk::HostState::running);
}

void lifecycle_of_unknown(const Subject& subject) {
    const Session session(subject);
    const els_lifecycle_v1& lifecycle = lifecycle_of(session);
    const sdk::HostRef unknown{"no-such-key", {}};
    const els_ref nobody = sdk::borrowed_ref(unknown);
    for (const auto function : {lifecycle.suspend, lifecycle.resume, lifecycle.start}) {
        const auto call = new_call();
        require_code(ELS_NOT_FOUND, invoke([&](els_error* e) {
                         return function(session.backend(), call->get(), &nobody, e);
                     }),
                     "suspend, resume or start of an unknown instance");
    }
}

const els_drain_v1& drain_of(const Session& session) {
    const auto& table = session.interface<els_drain_v1>(ELS_IF_DRAIN);
    require(ELS_HAS_FN(&table, els_drain_v1, cancel) && table.begin != nullptr,
            "elasticity.drain/1 lacks a function");
    return table;
}

void drain_can_repeat(const Subject& subject) {
    Session session(subject);
    const els_drain_v1& drain = drain_of(session);
    const std::string key = session.created().key;
    session.await_state(key, sdk::HostState::running);
    const sdk::HostRef ref{key, {}};
    const els_ref borrowed = sdk::borrowed_ref(ref);
    const auto begin = [&](const els_call* call, els_error* error) {
        return drain.begin(session.backend(), call, &borrowed, {}, error);
    };
    twice("begin with the default signal", begin);
    // A worker that holds nothing ends at once, and the core may ask again before it knows.
    eventually(milliseconds(1'000), [&] { return session.inspected(ref).state != sdk::HostState::running; });
    twice("begin of what has drained already", begin);
}

void drain_can_be_taken_back(const Subject& subject) {
    Session session(subject);
    const els_drain_v1& drain = drain_of(session);
    const sdk::HostRef ref{session.created().key, {}};
    const els_ref borrowed = sdk::borrowed_ref(ref);
    const auto call = new_call();
    const auto cancelled =
        invoke([&](els_error* e) { return drain.cancel(session.backend(), call->get(), &borrowed, e); });
    if (cancelled.has_error()) require_code(ELS_FAILED_PRECONDITION, cancelled, "cancel of a drain");
}

void drain_of_unknown(const Subject& subject) {
    const Session session(subject);
    const els_drain_v1& drain = drain_of(session);
    const sdk::HostRef unknown{"no-such-key", {}};
    const els_ref nobody = sdk::borrowed_ref(unknown);
    const auto call = new_call();
    require_code(ELS_NOT_FOUND, invoke([&](els_error* e) {
                     return drain.begin(session.backend(), call->get(), &nobody, {}, e);
                 }),
                 "begin of an unknown instance");
}

void metrics_of_nothing(const Subject& subject) {
    const Session session(subject);
    const auto& metrics = session.interface<els_metrics_v1>(ELS_IF_METRICS);
    require(ELS_HAS_FN(&metrics, els_metrics_v1, sample), "elasticity.metrics/1 lacks a function");
    bool emitted = false;
    els_instance_sink sampled{sizeof(els_instance_sink), 0, &emitted,
                              [](void* to, const els_instance*) -> els_code {
                                  *static_cast<bool*>(to) = true;
                                  return ELS_OK;
                              }};
    const auto call = new_call();
    require_ok(invoke([&](els_error* error) {
                   return metrics.sample(session.backend(), call->get(), nullptr, 0, &sampled, error);
               }),
               "sample of no target");
    require(!emitted, "sample of no target emitted an instance");
}

void service_is_complete(const Subject& subject) {
    const Session session(subject);
    const auto& service = session.interface<els_service_v1>(ELS_IF_SERVICE);
    require(ELS_HAS_FN(&service, els_service_v1, list) && service.start != nullptr &&
                service.stop != nullptr && service.status != nullptr,
            "elasticity.service/1 lacks a function");
}

void watch_ends_when_cancelled(const Subject& subject) {
    constexpr milliseconds grace(2'000);
    const Session session(subject);
    const auto& events = session.interface<els_events_v1>(ELS_IF_EVENTS);
    require(ELS_HAS_FN(&events, els_events_v1, watch), "elasticity.events/1 lacks a function");
    els_event_sink sink{sizeof(els_event_sink), 0, nullptr,
                        [](void*, const els_event*) -> els_code { return ELS_OK; }};
    const auto call = new_call();
    std::thread watching([&] {
        const auto done = invoke(
            [&](els_error* error) { return events.watch(session.backend(), call->get(), {}, &sink, error); });
        if (done.has_error() && done.error().code != ELS_UNAVAILABLE)
            require_code(ELS_CANCELLED, done, "a cancelled watch");
    });
    call->cancel();
    require_return_within(grace, "a cancelled watch", [&] { watching.join(); });
}

}  // namespace

std::vector<Check> ability_checks() {
    const auto offered = [](const char* id, const char* name, const char* sentence,
                            void (*run)(const Subject&), bool creates) {
        return Check{.name = name, .sentence = sentence, .run = run, .creates = creates, .capability = id};
    };
    return {
        offered(ELS_IF_LIFECYCLE, "lifecycle.suspend_and_resume",
                "Suspended and running again, each asked twice", suspend_and_resume, true),
        offered(ELS_IF_LIFECYCLE, "lifecycle.stop_and_start", "Stopped and running again, each asked twice",
                stop_and_start, true),
        offered(ELS_IF_LIFECYCLE, "lifecycle.unknown_is_not_found", "No lifecycle for an unknown instance",
                lifecycle_of_unknown, false),
        offered(ELS_IF_DRAIN, "drain.can_repeat", "A drain can be begun twice, with the default signal",
                drain_can_repeat, true),
        offered(ELS_IF_DRAIN, "drain.can_be_taken_back", "A drain is taken back, or FAILED_PRECONDITION",
                drain_can_be_taken_back, true),
        offered(ELS_IF_DRAIN, "drain.unknown_is_not_found", "No drain of an unknown instance",
                drain_of_unknown, false),
        offered(ELS_IF_SERVICE, "service.is_complete", "The interface has all of its functions",
                service_is_complete, false),
        offered(ELS_IF_METRICS, "metrics.of_nothing", "A sample of no machine is empty", metrics_of_nothing,
                false),
        offered(ELS_IF_EVENTS, "events.watch_ends_when_cancelled", "A cancelled watch returns within 2 s",
                watch_ends_when_cancelled, false),
    };
}

}  // namespace elasticity::check
