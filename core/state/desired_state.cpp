#include "core/state/desired_state.hpp"

#include "core/state/tools_text.hpp"

namespace elasticity {

const HeldTool* DesiredState::find(const ToolKey& key) const {
    const auto hit = tools_.find(key);
    return hit == tools_.end() ? nullptr : hit->second.get();
}

const ToolKey* DesiredState::queue_owner(const std::string& target, const std::string& queue) const {
    const auto hit = queue_owners_.find({target, queue});
    return hit == queue_owners_.end() ? nullptr : &hit->second;
}

void DesiredState::put(ToolEntry entry) {
    auto held = std::make_shared<HeldTool>();
    held->queue = make_tool(entry, {}).queue;
    held->text = entry_text(entry);
    held->entry = std::move(entry);
    put(std::shared_ptr<const HeldTool>(std::move(held)));
}

void DesiredState::put(std::shared_ptr<const HeldTool> tool) {
    const ToolKey key = tool->entry.key;
    erase(key);
    queue_owners_[{key.target, tool->queue}] = key;
    tools_[key] = std::move(tool);
}

void DesiredState::erase(const ToolKey& key) {
    const auto held = tools_.find(key);
    if (held == tools_.end()) return;
    const auto owner = queue_owners_.find({key.target, held->second->queue});
    if (owner != queue_owners_.end() && owner->second == key) queue_owners_.erase(owner);
    tools_.erase(held);
}

}  // namespace elasticity
