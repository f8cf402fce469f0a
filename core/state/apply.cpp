#include "core/state/apply.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace elasticity {
namespace {

namespace json = boost::json;

Applied rejected(const ToolCommand& command, Findings findings) {
    std::string reason = findings.front().message;
    if (findings.size() > 1) reason += " (and " + std::to_string(findings.size() - 1) + " more)";
    return {command.name, Verdict::rejected, std::move(reason), std::move(findings)};
}

std::optional<std::int64_t> held_revision(const ToolEntry& entry) {
    const json::value* revision = entry.fields.if_contains("revision");
    return revision ? std::optional(revision->to_number<std::int64_t>()) : std::nullopt;
}

class Application {
public:
    Application(DesiredState& state, const std::string& request_id, std::uint64_t generation)
        : state_(state), request_id_(request_id), generation_(generation) {}

    Applied run(Action action, const ToolCommand& command) {
        if (!command.findings.empty()) return rejected(command, command.findings);
        const HeldTool* held = state_.find(command.key);
        if (action != Action::deploy && !held)
            return rejected(command, {{"unknown_tool", command.pointer, command.name + " is not deployed on this target"}});
        if (held && is_older(command, held->entry))
            return rejected(command, {{"old_revision", command.pointer + "/revision",
                                       "revision " + std::to_string(*command.revision) + " is older than the held " +
                                           std::to_string(*held_revision(held->entry))}});
        switch (action) {
            case Action::deploy: return deploy(command, held);
            case Action::remove: return remove(command, held->entry);
            case Action::pause: return pause(command, held->entry, true);
            case Action::resume: return pause(command, held->entry, false);
            case Action::describe: return {command.name, Verdict::described, "", {}};
        }
        __builtin_unreachable();
    }

private:
    static bool is_older(const ToolCommand& command, const ToolEntry& held) {
        const auto revision = held_revision(held);
        return command.revision && revision && *command.revision < *revision;
    }

    void commit(ToolEntry entry) {
        entry.request_id = request_id_;
        entry.generation = generation_;
        state_.put(std::move(entry));
    }

    Applied deploy(const ToolCommand& command, const HeldTool* held) {
        const std::string queue = queue_of(command.entry);
        const ToolKey* owner = state_.queue_owner(command.key.target, queue);
        if (owner && *owner != command.key)
            return rejected(command, {{"queue_in_use", command.pointer + "/queue",
                                       "queue " + queue + " already belongs to tool " + owner->tool}});
        if (held && !held->entry.removal && held->entry.fields == command.entry.fields)
            return {command.name, Verdict::unchanged, "already as asked for", {}};
        ToolEntry entry = command.entry;
        entry.paused = held && held->entry.paused && !held->entry.removal;
        const bool paused = entry.paused;
        commit(std::move(entry));
        return {command.name, Verdict::accepted, paused ? "accepted; the tool stays paused" : "accepted", {}};
    }

    Applied remove(const ToolCommand& command, ToolEntry entry) {
        if (entry.removal == command.removal) return {command.name, Verdict::unchanged, "already being removed", {}};
        entry.removal = command.removal;
        commit(std::move(entry));
        return {command.name, Verdict::accepted, "accepted for removal", {}};
    }

    Applied pause(const ToolCommand& command, ToolEntry entry, bool paused) {
        if (entry.removal)
            return rejected(command, {{"being_removed", command.pointer, command.name + " is being removed"}});
        if (entry.paused == paused)
            return {command.name, Verdict::unchanged, paused ? "already paused" : "not paused", {}};
        entry.paused = paused;
        commit(std::move(entry));
        return {command.name, Verdict::accepted, paused ? "paused" : "resumed", {}};
    }

    DesiredState& state_;
    const std::string& request_id_;
    std::uint64_t generation_;
};

void remember(DesiredState& state, const std::string& request_id) {
    state.recent_requests.push_back(request_id);
    if (state.recent_requests.size() > recent_requests_max) state.recent_requests.pop_front();
}

}  // namespace

std::vector<Applied> apply(DesiredState& state, const Message& message, const std::string& request_id,
                           std::uint64_t generation) {
    const auto& recent = state.recent_requests;
    // An id that was made up here for want of one cannot come again.
    const bool is_named = !message.request_id.empty();
    const bool repeated = is_named && message.action != Action::describe &&
                          std::find(recent.begin(), recent.end(), request_id) != recent.end();
    std::vector<Applied> results;
    bool carried_out = false;
    for (const ToolCommand& command : message.tools) {
        const bool sound = command.findings.empty();
        results.push_back(repeated && sound
                              ? Applied{command.name, Verdict::unchanged, "this request was already carried out", {}}
                              : Application(state, request_id, generation).run(message.action, command));
        const Verdict verdict = results.back().verdict;
        carried_out = carried_out || verdict == Verdict::accepted || verdict == Verdict::unchanged;
    }
    // One that changed nothing counts too: delivered again after a later one, it would undo that.
    if (carried_out && !repeated && is_named) remember(state, request_id);
    return results;
}

bool forget(DesiredState& state, const ToolKey& key) {
    const HeldTool* held = state.find(key);
    if (!held || !held->entry.removal) return false;
    state.erase(key);
    return true;
}

}  // namespace elasticity
