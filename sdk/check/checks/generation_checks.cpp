// Adoption after a crash, and two generations side by side: a plugin keeps no truth of its own.
#include <signal.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/step.hpp"

namespace elasticity::check {
namespace {

/// The spec that create_and_die() makes: the key is the same in every process of a check.
sdk::HostSpec adopted_spec(const Session& session) {
    sdk::HostSpec spec = session.new_spec();
    const std::string owner = session.host()->owner;
    spec.key = "adopted";
    spec.name = "check-" + owner.substr(owner.rfind('-') + 1);
    return spec;
}

void let_one_die(const Subject& subject) {
    const StepEnd end = run_step(subject, "create-and-die", call_timeout);
    if (end.verdict) fail("in a process of its own: " + end.verdict->message);
    require(end.signal == SIGKILL, "the process that was to create and be killed " + end.text());
}

std::set<std::string> ids_of(Session& session) {
    std::set<std::string> ids;
    for (const sdk::HostInstance& instance : session.listed()) ids.insert(instance.id);
    return ids;
}

void after_kill(const Subject& subject) {
    let_one_die(subject);
    Session session(subject);
    const std::vector<sdk::HostInstance> listed = session.listed();
    require(listed.size() == 1, "after kill -9 of the process that created one instance, list shows " +
                                    std::to_string(listed.size()));
    const sdk::HostSpec spec = adopted_spec(session);
    require(listed.front().key == spec.key && listed.front().tool == spec.tool &&
                listed.front().spec_hash == spec.hash,
            "the adopted instance lost its key, tool or hash");
    session.inspected({spec.key, {}});
}

void after_lost_answer(const Subject& subject) {
    let_one_die(subject);
    Session session(subject);
    const std::set<std::string> before = ids_of(session);
    const sdk::HostInstance again = session.created(adopted_spec(session));
    require(ids_of(session) == before && before.contains(again.id),
            "create with the key and hash of a lost answer made a second instance");
}

void destroys_adopted(const Subject& subject) {
    let_one_die(subject);
    Session session(subject);
    session.destroyed({"adopted", {}});
    session.await_gone("adopted");
}

void quiesce_keeps_instances(const Subject& subject) {
    Session session(subject);
    const sdk::HostInstance before = session.created();
    session.quiesce();
    session.activate();
    require(session.inspected({before.key, {}}).id == before.id, "quiesce changed an instance");
}

void close_keeps_instances(const Subject& subject) {
    std::set<std::string> before;
    {
        Session session(subject);
        session.created();
        before = ids_of(session);
    }
    Session session(subject);
    require(ids_of(session) == before, "a backend that was opened anew shows other instances");
}

void two_see_the_same(const Subject& subject) {
    Session old_one(subject);
    const std::string first = old_one.created().key;
    Session new_one(subject);
    const std::string second = new_one.created().key;
    require(ids_of(old_one) == ids_of(new_one) && ids_of(old_one).size() == 2,
            "two generations list different instances");
    old_one.quiesce();
    new_one.destroyed({first, {}});
    new_one.await_gone(first);
    old_one.activate();  // a roll-back
    require_code(ELS_NOT_FOUND, old_one.inspect({first, {}}), "inspect by the generation that came back");
    old_one.inspected({second, {}});
}

void race_makes_one(const Subject& subject) {
    Session one(subject), other(subject);
    const sdk::HostSpec spec = one.new_spec();
    const auto create = [&spec](Session& session) {
        const auto created = session.create(spec);
        if (created.has_error()) require_code(ELS_ABORTED, created, "one of two creates of one key");
    };
    std::thread beside(create, std::ref(other));
    create(one);
    beside.join();
    const std::size_t count = one.listed().size();
    require(count == 1,
            "two generations that create one key at once make " + std::to_string(count) + " instances");
}

}  // namespace

void create_and_die(const Subject& subject) {
    Session session(subject);
    session.created(adopted_spec(session));
    kill(getpid(), SIGKILL);
}

std::vector<Check> generation_checks() {
    return {
        creates_lasting("adopt.after_kill", "After kill -9 a fresh process lists the instance, complete",
                        after_kill),
        creates_lasting("adopt.after_lost_answer", "create with the key and hash of a lost answer adopts",
                        after_lost_answer),
        creates_lasting("adopt.can_destroy", "An adopted instance can be destroyed", destroys_adopted),
        creates("generation.quiesce_keeps_instances", "Instances live on through quiesce and activate",
                quiesce_keeps_instances),
        creates_lasting("generation.close_keeps_instances",
                        "A backend opened anew sees what the closed one made", close_keeps_instances),
        creates_lasting("generation.two_see_the_same", "Two generations see the same, and each can take over",
                        two_see_the_same),
        creates_lasting("generation.race_makes_one",
                        "Two generations that create one key at once make one instance", race_makes_one),
    };
}

}  // namespace elasticity::check
