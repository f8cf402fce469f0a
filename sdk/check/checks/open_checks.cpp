// A backend from open to close.
#include <thread>

#include "sdk/check/catalog.hpp"
#include "sdk/check/process_state.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

void does_no_work(const Subject& subject) {
    load_plugin(subject);
    const std::set<std::string> descriptors = open_descriptors();
    const std::size_t threads = thread_count();
    const Session session(subject, Session::Begin::opened);
    const std::string opened = added(descriptors, open_descriptors());
    require(opened.empty(), "open opened descriptors, which belongs into activate: " + opened);
    require(thread_count() == threads, "open started a thread, which belongs into activate");
}

void twice_gives_two(const Subject& subject) {
    Session first(subject);
    {
        const Session second(subject);
        require(first.backend() != second.backend(), "open gave the same backend twice");
    }
    first.listed();  // Closing the other one took nothing away from this one.
}

void failure_leaves_null(const Subject& subject) {
    const Session healthy(subject, Session::Begin::opened);
    int somewhere = 0;
    auto* backend = reinterpret_cast<els_backend*>(&somewhere);
    const std::string config = "{";
    const auto done = invoke([&](els_error* error) {
        return healthy.plugin().open(healthy.host(), {config.data(), config.size()}, &backend, error);
    });
    if (done.has_value()) {
        require(backend != nullptr, "open said OK and left the backend null");
        healthy.plugin().close(backend);
    } else {
        require(backend == nullptr, "open failed and left the backend pointing somewhere");
    }
}

void query_refuses_others(const Subject& subject) {
    const Session session(subject, Session::Begin::opened);
    const auto is_absent = [&](const char* id) {
        return session.plugin().query(session.backend(), id) == nullptr;
    };
    require(is_absent("elasticity.no-such-thing/1"), "query knows an interface that does not exist");
    require(is_absent("elasticity.provisioner/1x"),
            "query takes a longer id for the one that it begins with");
    require(is_absent("elasticity.provisioner/"), "query takes a shorter id for the whole one");
    require(is_absent("elasticity.provisioner/2"), "query gives a revision that does not exist");
    require(is_absent(""), "query gives an interface for an empty id");
}

void query_is_constant(const Subject& subject) {
    const Session session(subject);
    const void* const first = &session.provisioner();
    const auto again = [&] {
        for (int i = 0; i < 1000; ++i)
            require(session.plugin().query(session.backend(), ELS_IF_PROVISIONER) == first,
                    "query gives another table the second time");
    };
    std::thread beside(again);
    again();
    beside.join();
}

void provisioner_is_complete(const Subject& subject) {
    const Session session(subject, Session::Begin::opened);
    const els_provisioner_v1& table = session.provisioner();
    require(ELS_HAS(&table, els_provisioner_v1, list), "the table is shorter than that of ABI 1.0");
    require(table.validate != nullptr && table.create != nullptr && table.destroy != nullptr &&
                table.inspect != nullptr && table.list != nullptr,
            "the table lacks a function");
}

void activate_works(const Subject& subject) {
    const Session session(subject);
}

void activate_can_repeat(const Subject& subject) {
    Session session(subject);
    for (int i = 0; i < 3; ++i) {
        session.quiesce();
        session.activate();
        session.listed();
    }
}

}  // namespace

std::vector<Check> open_checks() {
    return {
        {"open.does_no_work", "open starts no thread and opens no descriptor", does_no_work},
        {"open.twice_gives_two", "Two backends of one plugin know nothing of each other", twice_gives_two},
        {"open.failure_leaves_null", "A failed open leaves the backend null", failure_leaves_null},
        {"query.refuses_others", "query knows whole ids alone", query_refuses_others},
        {"query.is_constant", "query gives the same table every time, to any thread", query_is_constant},
        {"provisioner.is_complete", "elasticity.provisioner/1 has all of its functions",
         provisioner_is_complete},
        {"activate.works", "The backend can be activated, quiesced and closed", activate_works},
        {"activate.can_repeat", "A quiesced backend can be activated again", activate_can_repeat},
    };
}

}  // namespace elasticity::check
