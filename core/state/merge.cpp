#include "core/state/merge.hpp"

#include <boost/json.hpp>
#include <set>

namespace elasticity {
namespace {

/// What a person may change. The bookkeeping of generations and requests is ours.
bool same_wish(const HeldTool* a, const HeldTool* b) {
    if (!a || !b) return a == b;
    if (a == b) return true;
    return a->entry.fields == b->entry.fields && a->entry.paused == b->entry.paused &&
           a->entry.removal == b->entry.removal;
}

std::set<ToolKey> all_keys(const DesiredState& base, const DesiredState& edited) {
    std::set<ToolKey> keys;
    for (const DesiredState* state : {&base, &edited})
        for (const auto& tool : state->tools()) keys.insert(tool->entry.key);
    return keys;
}

}  // namespace

Merged merge_hand_edit(const DesiredState& base, const DesiredState& edited, const DesiredState& current,
                       std::uint64_t generation) {
    Merged merged{current, {}, false};
    for (const ToolKey& key : all_keys(base, edited)) {
        const HeldTool* before = base.find(key);
        const HeldTool* wanted = edited.find(key);
        const HeldTool* now = current.find(key);
        if (same_wish(before, wanted) || same_wish(wanted, now)) continue;
        if (!wanted && now && now->entry.removal) continue;  // on its way out already
        if (!same_wish(before, now)) {
            merged.conflicts.push_back({"conflict", "", key.tool + ": was changed by a message since generation " +
                                                            std::to_string(base.generation) + "; edit it again"});
            continue;
        }
        ToolEntry entry = wanted ? wanted->entry : now->entry;
        if (!wanted) entry.removal = entry.removal.value_or(Removal{});
        entry.generation = generation;
        entry.request_id = "hand-edit-" + std::to_string(generation);
        const ToolKey* owner = merged.state.queue_owner(key.target, queue_of(entry));
        if (owner && *owner != key) {
            merged.conflicts.push_back({"queue_in_use", "", key.tool + ": its queue already belongs to " + owner->tool});
            continue;
        }
        merged.state.put(std::move(entry));
        merged.changed = true;
    }
    return merged;
}

}  // namespace elasticity
