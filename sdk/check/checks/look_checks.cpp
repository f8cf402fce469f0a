// inspect and list: what is there, and nothing else.
#include <algorithm>
#include <set>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/sinks.hpp"

namespace elasticity::check {
namespace {

std::multiset<std::string> keys_of(const std::vector<sdk::HostInstance>& instances) {
    std::multiset<std::string> keys;
    for (const sdk::HostInstance& instance : instances) keys.insert(instance.key);
    return keys;
}

std::multiset<std::string> create_three(Session& session) {
    std::multiset<std::string> keys;
    for (int i = 0; i < 3; ++i) keys.insert(session.created().key);
    return keys;
}

void unknown_is_not_found(const Subject& subject) {
    Session session(subject);
    require_code(ELS_NOT_FOUND, session.inspect({"no-such-key", {}}), "inspect of an unknown key");
    require_code(ELS_NOT_FOUND, session.inspect({{}, "no-such-id"}), "inspect of an unknown id");
}

void by_key_or_id(const Subject& subject) {
    Session session(subject);
    const sdk::HostInstance created = session.created();
    for (const sdk::HostRef& ref :
         {sdk::HostRef{created.key, {}}, sdk::HostRef{{}, created.id}, sdk::HostRef{created.key, created.id}})
        require(session.inspected(ref).id == created.id, "inspect gives another instance");
}

void both_must_match(const Subject& subject) {
    Session session(subject);
    const sdk::HostInstance first = session.created(), second = session.created();
    require_code(ELS_NOT_FOUND, session.inspect({first.key, second.id}),
                 "inspect with the key of one instance and the id of another");
}

void empty_for_new_owner(const Subject& subject) {
    Session session(subject);
    const std::size_t count = session.listed().size();
    require(count == 0, "a new owner is shown " + std::to_string(count) + " instances");
}

void finds_all_created(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const std::string id = session.created(spec).id;
    std::multiset<std::string> wanted = create_three(session);
    wanted.insert(spec.key);
    const std::vector<sdk::HostInstance> listed = session.listed();
    require(keys_of(listed) == wanted,
            "4 instances were created, and list shows " + std::to_string(listed.size()) + ", or others");
    for (const sdk::HostInstance& instance : listed)
        if (instance.key == spec.key)
            require(instance.id == id && instance.tool == spec.tool && instance.spec_hash == spec.hash,
                    "list shows another id, tool or hash than create");
}

void one_owner_alone(const Subject& subject) {
    Session ours(subject);
    Session others(subject, Session::Begin::active, subject.other_owner());
    const sdk::HostInstance foreign = others.created();
    const sdk::HostInstance own = ours.created();
    require(keys_of(ours.listed()) == std::multiset<std::string>{own.key},
            "list shows instances of another owner");
    require_code(ELS_NOT_FOUND, ours.inspect({{}, foreign.id}), "inspect of another owner's instance");
    ours.destroyed({{}, foreign.id});
    require(keys_of(others.listed()) == std::multiset<std::string>{foreign.key},
            "destroy ended an instance of another owner");
}

void pages_agree(const Subject& subject) {
    Session session(subject);
    const std::multiset<std::string> wanted = create_three(session);
    for (int i = 0; i < 3; ++i)
        require(keys_of(session.listed()) == wanted,
                "the pages of a list show an instance twice, or not at all");
}

void bad_page_is_refused(const Subject& subject) {
    Session session(subject);
    std::string next;
    const auto page = session.list_page("\x01 no such page", next, *new_call());
    require_code(ELS_INVALID_ARGUMENT, page, "list of a page that was never named");
}

void refusing_sink_stops_it(const Subject& subject) {
    Session session(subject);
    create_three(session);
    int emitted = 0;
    els_instance_sink refusing{sizeof(els_instance_sink), 0, &emitted,
                               [](void* count, const els_instance*) -> els_code {
                                   ++*static_cast<int*>(count);
                                   return ELS_CANCELLED;
                               }};
    els_sink next = deaf_sink();
    const auto call = new_call();
    const auto done = invoke([&](els_error* error) {
        return session.provisioner().list(session.backend(), call->get(), {}, &refusing, &next, error);
    });
    require_code(ELS_CANCELLED, done, "list into a sink that refuses");
    require(emitted == 1, "list went on after its sink refused");
}

}  // namespace

std::vector<Check> look_checks() {
    return {
        {"inspect.unknown_is_not_found", "inspect of an unknown key or id is NOT_FOUND",
         unknown_is_not_found},
        creates("inspect.by_key_or_id", "inspect finds an instance by its key, its id and both",
                by_key_or_id),
        creates("inspect.both_must_match", "A key with another instance's id is NOT_FOUND", both_must_match),
        {"list.empty_for_new_owner", "An owner that made nothing is shown nothing", empty_for_new_owner},
        creates("list.finds_all_created", "list shows every instance, with its id, tool and hash",
                finds_all_created),
        creates_lasting("list.one_owner_alone", "Another owner's instances are neither shown nor touched",
                        one_owner_alone),
        creates("list.pages_agree", "The pages of a list show every instance once", pages_agree),
        {"list.bad_page_is_refused", "A page token that was never given is INVALID_ARGUMENT",
         bad_page_is_refused},
        creates("list.refusing_sink_stops_it", "list stops where its sink refuses, and hands the code on",
                refusing_sink_stops_it),
    };
}

}  // namespace elasticity::check
