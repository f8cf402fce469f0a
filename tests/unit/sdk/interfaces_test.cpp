#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/sdk/support.hpp"

using namespace elasticity::sdk;
using namespace elasticity::sdk::test;

namespace {

const char* const optional_interfaces[] = {ELS_IF_LIFECYCLE, ELS_IF_SERVICE, ELS_IF_METRICS, ELS_IF_DRAIN,
                                           ELS_IF_EVENTS};
const HostRef worker{"w-1", ""};
const HostTarget machine{"m-1", "10.0.0.7", 2222, "ubuntu", R"({"file":"key"})"};
const std::string machine_text = R"(ubuntu@10.0.0.7:2222 with {"file":"key"})";

std::shared_ptr<Backend> able() { return open_backend(fixture("abilities"), "{}"); }

/// "CODE: message", or "OK".
template <class T>
std::string said(const HostResult<T>& result) {
    return result.has_value() ? "OK" : code_of(result) + ": " + result.error().message;
}

HostServiceSpec service_spec() {
    const std::vector<HostVariable> env = {{"MODE", "fast", false}, {"PASSWORD", "hunter2", true}};
    return {"s-1", "clowder-faces", "3", "tool of s-1", 42, env};
}

}  // namespace

TEST_CASE("interfaces: offered by having the members, and found by their exact id") {
    const auto plain = open_noop();
    const auto all = able();
    CHECK(plain->offers(ELS_IF_PROVISIONER));
    for (const char* id : optional_interfaces) {
        INFO(id);
        CHECK_FALSE(plain->offers(id));
        CHECK(all->offers(id));
        CHECK_FALSE(all->offers((std::string(id) + "x").c_str()));
    }
    CHECK_FALSE(plain->offers(nullptr));
}

TEST_CASE("interfaces: describe names those that are offered, and no other") {
    const auto named = [](const std::string& file) {
        const auto library = Library::load(file).value();
        return boost::json::parse(describe(*library->plugins().front()).value()).at("interfaces");
    };
    CHECK(named(NOOP_PLUGIN) == boost::json::array{ELS_IF_PROVISIONER});
    CHECK(named(fixture("abilities")) ==
          boost::json::array{ELS_IF_PROVISIONER, ELS_IF_LIFECYCLE, ELS_IF_SERVICE, ELS_IF_METRICS,
                             ELS_IF_DRAIN, ELS_IF_EVENTS});
}

TEST_CASE("interfaces: lifecycle and drain reach the members that they name") {
    const auto backend = able();
    CHECK(said(backend->suspend(*new_call(), worker)) == "ABORTED: suspend w-1");
    CHECK(said(backend->resume(*new_call(), worker)) == "ABORTED: resume w-1");
    CHECK(said(backend->stop(*new_call(), worker, std::chrono::milliseconds(20))) ==
          "ABORTED: stop 20 ms w-1");
    CHECK(said(backend->start(*new_call(), worker)) == "ABORTED: start w-1");
    CHECK(said(backend->begin_drain(*new_call(), worker, "")) == "ABORTED: drain by SIGTERM w-1");
    CHECK(said(backend->begin_drain(*new_call(), worker, "SIGINT")) == "ABORTED: drain by SIGINT w-1");
    CHECK(said(backend->cancel_drain(*new_call(), worker)) == "ABORTED: undrain w-1");
}

TEST_CASE("interfaces: a grace beyond what the contract carries is the longest that it carries") {
    const auto backend = able();
    CHECK(said(backend->stop(*new_call(), worker, std::chrono::hours(24 * 365))) ==
          "ABORTED: stop 4294967295 ms w-1");
    CHECK(said(backend->stop(*new_call(), worker, std::chrono::seconds(-1))) == "ABORTED: stop 0 ms w-1");
}

TEST_CASE("interfaces: a service is started with all that was said of it and of its machine") {
    const HostInstance started = able()->start_service(*new_call(), machine, service_spec()).value();
    CHECK(started.key == "s-1");
    CHECK(started.name == "clowder-faces@3");
    CHECK(started.tool == "tool of s-1");
    CHECK(started.spec_hash == 42);
    CHECK(started.detail == machine_text + " MODE=shown PASSWORD=***");
}

TEST_CASE("interfaces: a service is stopped, seen and listed on its machine") {
    const auto backend = able();
    CHECK(said(backend->stop_service(*new_call(), machine, worker, std::chrono::seconds(5))) ==
          "ABORTED: stop on " + machine_text + " in 5000 ms w-1");
    CHECK(backend->service_status(*new_call(), machine, worker).value().detail == machine_text);
    CHECK(said(backend->service_status(*new_call(), machine, {"unknown", ""})) ==
          "NOT_FOUND: no such service instance on this machine");
    const std::vector<HostInstance> services = backend->list_services(*new_call(), machine).value();
    REQUIRE(services.size() == 2);
    CHECK(services[0].key == "s-1");
    CHECK(services[1].key == "s-2");
}

TEST_CASE("interfaces: one call samples many machines, and leaves out those that do not answer") {
    const HostTarget silent{"m-2", "", 0, "", ""};
    const HostTarget third{"m-3", "10.0.0.9", 0, "", ""};
    const auto sampled = able()->sample(*new_call(), {machine, silent, third}).value();
    REQUIRE(sampled.size() == 2);
    CHECK(sampled[0].key == "m-1");
    CHECK(sampled[0].vcpus == 8u);
    CHECK(sampled[0].load1 == 0.5);
    CHECK(sampled[0].load5 == std::nullopt);
    CHECK(sampled[1].key == "m-3");
    CHECK(able()->sample(*new_call(), {}).value().empty());
}

TEST_CASE("interfaces: a sample of a machine that nobody asked for is an error, not a reading") {
    CHECK(said(able()->sample(*new_call(), {{"m-1", "stray", 0, "", ""}})) ==
          "INTERNAL: the plugin sampled 'another', which is no machine of the call");
}

TEST_CASE("interfaces: a watch hands each event on, until it is cancelled") {
    const auto call = new_call();
    std::vector<HostEvent> events;
    const HostResult<> watched = able()->watch(*call, "c-0", [&](HostEvent event) {
        events.push_back(std::move(event));
        if (events.size() == 3) call->cancel();
    });
    CHECK(code_of(watched) == "CANCELLED");
    REQUIRE(events.size() == 3);
    CHECK(events[0] == HostEvent{HostEventKind::changed, "w-1", "id-1", "after c-0", "{}", 1234});
    CHECK(events[1] == HostEvent{HostEventKind::missed, "", "", "c-2", "", std::nullopt});
    CHECK(events[2] == HostEvent{HostEventKind::changed, "", "id-3", "c-3", "", std::nullopt});
}

TEST_CASE("interfaces: a watch whose stream breaks says so") {
    const HostResult<> watched = able()->watch(*new_call(), "too old", [](HostEvent) {});
    CHECK(said(watched) == "UNAVAILABLE: the stream broke");
    CHECK(watched.error().may_retry());
}

TEST_CASE("interfaces: a call that is cancelled enters no member") {
    const auto call = new_call();
    call->cancel();
    const auto backend = able();
    CHECK(code_of(backend->suspend(*call, worker)) == "CANCELLED");
    CHECK(code_of(backend->begin_drain(*call, worker, "")) == "CANCELLED");
    CHECK(code_of(backend->start_service(*call, machine, service_spec())) == "CANCELLED");
    CHECK(code_of(backend->sample(*call, {machine})) == "CANCELLED");
    CHECK(code_of(backend->watch(*call, "", [](HostEvent) { FAIL("an event of a cancelled watch"); })) ==
          "CANCELLED");
}

TEST_CASE("interfaces: what a plugin does not offer is UNIMPLEMENTED, and says what it would take") {
    const auto plain = open_noop();
    const auto lacks = [](const std::string& ability, const std::string& interface_id) {
        return "UNIMPLEMENTED: the plugin org.elasticity.noop cannot " + ability + ": it does not offer " +
               interface_id;
    };
    const std::chrono::milliseconds grace(0);
    CHECK(said(plain->suspend(*new_call(), worker)) == lacks("suspend", ELS_IF_LIFECYCLE));
    CHECK(said(plain->resume(*new_call(), worker)) == lacks("resume", ELS_IF_LIFECYCLE));
    CHECK(said(plain->stop(*new_call(), worker, grace)) == lacks("stop", ELS_IF_LIFECYCLE));
    CHECK(said(plain->start(*new_call(), worker)) == lacks("start", ELS_IF_LIFECYCLE));
    CHECK(said(plain->begin_drain(*new_call(), worker, "")) == lacks("begin a drain", ELS_IF_DRAIN));
    CHECK(said(plain->cancel_drain(*new_call(), worker)) == lacks("cancel a drain", ELS_IF_DRAIN));
    CHECK(said(plain->start_service(*new_call(), machine, service_spec())) ==
          lacks("start a service", ELS_IF_SERVICE));
    CHECK(said(plain->stop_service(*new_call(), machine, worker, grace)) ==
          lacks("stop a service", ELS_IF_SERVICE));
    CHECK(said(plain->service_status(*new_call(), machine, worker)) ==
          lacks("tell the status of a service", ELS_IF_SERVICE));
    CHECK(said(plain->list_services(*new_call(), machine)) == lacks("list services", ELS_IF_SERVICE));
    CHECK(said(plain->sample(*new_call(), {machine})) == lacks("sample machines", ELS_IF_METRICS));
    CHECK(said(plain->watch(*new_call(), "", [](HostEvent) {})) == lacks("watch for events", ELS_IF_EVENTS));
}

TEST_CASE("interfaces: a table that ends early or has holes lacks those functions, and keeps the others") {
    const auto half = open_backend(fixture("half_tables"), "{}");
    CHECK(half->suspend(*new_call(), worker).has_value());
    CHECK(code_of(half->resume(*new_call(), worker)) == "UNIMPLEMENTED");
    CHECK(code_of(half->start(*new_call(), worker)) == "UNIMPLEMENTED");
    CHECK(half->begin_drain(*new_call(), worker, "").has_value());
    CHECK(code_of(half->cancel_drain(*new_call(), worker)) == "UNIMPLEMENTED");
}

TEST_CASE("interfaces: an answer that breaks the contract is an error that names what broke it") {
    const auto half = open_backend(fixture("half_tables"), "{}");
    CHECK(said(half->sample(*new_call(), {machine})) ==
          "RESOURCE_EXHAUSTED: the plugin emitted more than 1 instances");
    const auto started = half->start_service(*new_call(), machine, service_spec());
    CHECK(said(started) == "INTERNAL: the plugin emitted 0 instances and said OK, wanted one");
    CHECK(started.error().maybe_done());
    CHECK(said(half->watch(*new_call(), "short", [](HostEvent) {})) ==
          "INTERNAL: the plugin emitted an event shorter than that of ABI 1.0");
    CHECK(said(half->watch(*new_call(), "null", [](HostEvent) {})) ==
          "INTERNAL: the plugin emitted an event with a null text or one over 64 KiB");
}

TEST_CASE("interfaces: events that a plugin emits from several threads arrive one at a time") {
    constexpr int threads_count = 4, events_each = 500;
    int arrived = 0;  // Not atomic: ThreadSanitizer would tell.
    const OnEvent on_event = [&](HostEvent) { ++arrived; };
    EventForwarder forwarder(on_event);
    std::vector<std::thread> threads;
    for (int i = 0; i < threads_count; ++i)
        threads.emplace_back([sink = forwarder.sink()] {
            els_event event{};
            event.size = sizeof event;
            for (int sent = 0; sent < events_each; ++sent) sink->emit(sink->ctx, &event);
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(arrived == threads_count * events_each);
    CHECK(forwarder.broken() == std::nullopt);
}
