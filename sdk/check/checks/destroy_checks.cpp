// destroy: the unknown is success, and the known is gone.
#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

void unknown_is_ok(const Subject& subject) {
    Session session(subject);
    for (int i = 0; i < 3; ++i) {
        require_ok(session.destroy({"no-such-key", {}}), "destroy of an unknown key");
        require_ok(session.destroy({{}, "no-such-id"}), "destroy of an unknown id");
    }
}

void removes_the_instance(const Subject& subject) {
    Session session(subject);
    const std::string key = session.created().key;
    session.destroyed({key, {}});
    session.await_gone(key);
    require_ok(session.destroy({key, {}}), "destroy of an instance that is gone");
}

void leaves_the_others(const Subject& subject) {
    Session session(subject);
    const sdk::HostInstance kept = session.created(), ended = session.created();
    session.destroyed({{}, ended.id});
    session.await_gone(ended.key);
    require(session.inspected({kept.key, {}}).id == kept.id, "destroy of one instance changed another");
}

void mismatch_ends_nothing(const Subject& subject) {
    Session session(subject);
    const sdk::HostInstance first = session.created(), second = session.created();
    require_ok(session.destroy({first.key, second.id}), "destroy with key and id of different instances");
    require(session.listed().size() == 2, "destroy with key and id of different instances ended one of them");
}

void provisioning_can_be_ended(const Subject& subject) {
    Session session(subject);
    for (int i = 0; i < 3; ++i) {
        const std::string key = session.created().key;  // Perhaps it does not run yet.
        session.destroyed({key, {}});
        session.await_gone(key);
    }
}

}  // namespace

std::vector<Check> destroy_checks() {
    return {
        {"destroy.unknown_is_ok", "destroy of an unknown instance succeeds", unknown_is_ok},
        creates("destroy.removes_the_instance", "A destroyed instance is neither found nor listed",
                removes_the_instance),
        creates("destroy.leaves_the_others", "destroy ends the instance that was named alone",
                leaves_the_others),
        creates("destroy.mismatch_ends_nothing", "A key with another instance's id names nobody",
                mismatch_ends_nothing),
        creates("destroy.right_after_create", "An instance that was just made can be destroyed",
                provisioning_can_be_ended),
    };
}

}  // namespace elasticity::check
