#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/state/desired_state.hpp"
#include "tests/simulation/timeline.hpp"

namespace elasticity::simulation {

/// tools.json: durable at once, and told to the daemon a moment later.
class SimulatedStore final : public ToolStore {
public:
    SimulatedStore(Timeline& timeline, Daemon& daemon) : timeline_(timeline), daemon_(daemon) {}

    void forget(const ToolKey& key) override;

    /// What an operator or a deploy message does.
    void put(ToolEntry entry);
    void erase(const ToolKey& key);

    std::shared_ptr<const DesiredState> current() const { return current_; }

private:
    void commit(DesiredState next);

    Timeline& timeline_;
    Daemon& daemon_;
    std::shared_ptr<const DesiredState> current_ = std::make_shared<DesiredState>();
};

/// The journal, and the statuses that it makes durable. What was not yet durable when the daemon is killed
/// may be lost; nothing is ever lost out of order.
class SimulatedJournal final : public Journal, public StatusSink {
public:
    struct Published {
        ToolKey tool;
        Status status;
        bool again = false;  ///< one before it could not be kept
    };

    SimulatedJournal(Timeline& timeline, Daemon& daemon) : timeline_(timeline), daemon_(daemon) {}

    void commit(JournalEntry entry, CallToken token) override;
    void publish(const ToolKey& key, const Status& status) override;

    void daemon_was_killed();
    Recovered recovered() const;
    bool holds_intent(const std::string& key) const { return intents_.contains(key); }
    std::size_t open_intents() const { return intents_.size(); }
    const Status* last_status(const ToolKey& key) const;

    bool full = false;  ///< the disk is: nothing is written
    std::size_t commits = 0;
    std::size_t refused_statuses = 0;
    std::size_t largest_entry = 0;  ///< in memories of tools
    std::vector<Published> published;
    std::function<Millis()> latency = [] { return Millis(5); };
    /// Whether one more of the writes that a kill interrupts had been made durable.
    std::function<bool()> survives_kill = [] { return false; };

private:
    using Write = std::function<void()>;
    void write(Write durable, std::function<void()> answer);
    void apply(const JournalEntry& entry);

    Timeline& timeline_;
    Daemon& daemon_;
    std::map<std::string, Recovered::OpenIntent> intents_;
    std::map<ToolKey, JournalEntry::Memory> memories_;
    std::map<ToolKey, Status> statuses_;
    std::set<ToolKey> refused_;  ///< tools whose last status could not be kept
    std::map<std::uint64_t, Write> waiting_;  ///< in order
    std::uint64_t last_write_ = 0;
    TimePoint last_durable_{};
};

}  // namespace elasticity::simulation
