#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/model/tool.hpp"

namespace elasticity {

/// An entry with what is derived from it once, when it is put into the state.
struct HeldTool {
    ToolEntry entry;
    std::string queue;
    std::string text;  ///< as it stands in tools.json
};

/// What should be: the content of tools.json. Each commit makes a copy, which shares the entries and is two
/// vectors of pointers; an entry that is the same object is the same tool.
class DesiredState {
public:
    /// Sorted by key.
    using Tools = std::vector<std::shared_ptr<const HeldTool>>;

    const Tools& tools() const { return tools_; }
    const HeldTool* find(const ToolKey& key) const;
    /// The tool of this target that the queue belongs to, if any.
    const ToolKey* queue_owner(const std::string& target, const std::string& queue) const;

    void put(ToolEntry entry);
    void put(std::shared_ptr<const HeldTool> tool);
    void erase(const ToolKey& key);

    std::uint64_t generation = 0;
    /// Ids of requests that were carried out, newest last, so that a redelivered one is recognised.
    std::deque<std::string> recent_requests;

private:
    Tools tools_;
    Tools by_queue_;  ///< sorted by target and queue, each of which has one owner at most
};

/// How many request ids are remembered: a message is redelivered within seconds, not thousands of requests later.
constexpr std::size_t recent_requests_max = 1000;

}  // namespace elasticity
