#include "core/state/desired_state.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "core/state/tools_text.hpp"

namespace elasticity {

namespace {

using Held = std::shared_ptr<const HeldTool>;
using QueueKey = std::tuple<std::string_view, std::string_view>;

const ToolKey& key_of(const Held& tool) {
    return tool->entry.key;
}

QueueKey queue_of(const Held& tool) {
    return {tool->entry.key.target, tool->queue};
}

/// Where `key` stands, or where it belongs.
template <class Tools>
auto place_of(Tools& tools, const ToolKey& key) {
    return std::ranges::lower_bound(tools, key, {}, key_of);
}

template <class Tools>
auto place_of(Tools& by_queue, const QueueKey& queue) {
    return std::ranges::lower_bound(by_queue, queue, {}, queue_of);
}

}  // namespace

const HeldTool* DesiredState::find(const ToolKey& key) const {
    const auto place = place_of(tools_, key);
    return place != tools_.end() && key_of(*place) == key ? place->get() : nullptr;
}

const ToolKey* DesiredState::queue_owner(const std::string& target, const std::string& queue) const {
    const QueueKey wanted{target, queue};
    const auto place = place_of(by_queue_, wanted);
    return place != by_queue_.end() && queue_of(*place) == wanted ? &key_of(*place) : nullptr;
}

void DesiredState::put(ToolEntry entry) {
    auto held = std::make_shared<HeldTool>();
    held->queue = queue_of(entry);
    held->text = entry_text(entry);
    held->entry = std::move(entry);
    put(Held(std::move(held)));
}

void DesiredState::put(Held tool) {
    if (const HeldTool* held = find(key_of(tool)); held && held->queue != tool->queue) erase(key_of(tool));
    const auto owner = place_of(by_queue_, queue_of(tool));
    if (owner != by_queue_.end() && queue_of(*owner) == queue_of(tool)) *owner = tool;
    else by_queue_.insert(owner, tool);
    const auto place = place_of(tools_, key_of(tool));
    if (place != tools_.end() && key_of(*place) == key_of(tool)) *place = std::move(tool);
    else tools_.insert(place, std::move(tool));
}

void DesiredState::erase(const ToolKey& key) {
    const auto place = place_of(tools_, key);
    if (place == tools_.end() || key_of(*place) != key) return;
    const auto owner = place_of(by_queue_, queue_of(*place));
    if (owner != by_queue_.end() && *owner == *place) by_queue_.erase(owner);
    tools_.erase(place);
}

}  // namespace elasticity
