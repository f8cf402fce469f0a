// What a check has made is destroyed in a process of its own, also after a check that failed or crashed.
#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

void destroy_all_of(const Subject& subject, const std::string& owner) {
    Session session(subject, Session::Begin::active, owner);
    // Again until nothing is listed: an interrupted create may have been still under way.
    const auto is_empty = [&] {
        bool empty = true;
        for (const sdk::HostInstance& instance : session.listed()) {
            if (instance.state == sdk::HostState::gone) continue;
            empty = false;
            const auto destroyed = session.destroy({{}, instance.id});
            if (destroyed.has_error() && destroyed.error().code != ELS_ABORTED)
                require_ok(destroyed, "destroy of a leftover");
        }
        return empty;
    };
    require(eventually(session.settle_limit(), is_empty),
            "instances of the owner " + owner + " cannot be destroyed");
}

}  // namespace

void destroy_leftovers(const Subject& subject) {
    destroy_all_of(subject, subject.owner);
    destroy_all_of(subject, subject.other_owner());
}

}  // namespace elasticity::check
