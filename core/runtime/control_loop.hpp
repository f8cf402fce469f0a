#pragma once
#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/runtime/observed_workers.hpp"
#include "core/runtime/ports.hpp"
#include "core/state/desired_state.hpp"

namespace elasticity {

struct IntentRecord;

/// What the loop needs to know of the settings.
struct LoopSettings {
    std::string install_id;
    std::map<std::string, std::vector<std::string>> placement;  ///< kind -> backends, best first
    std::map<std::string, std::uint32_t> max_instances;         ///< backend -> quota; absent: no limit
    std::map<std::string, std::string> target_urls;             ///< target id -> how statuses name it
    boost::json::object scaling_defaults;
    std::function<std::shared_ptr<const ZoneOffsets>(const std::string&)> find_time_zone;  ///< null: only UTC is known
    Millis list_interval{15'000};
};

/// What a crash left in the journal.
struct Recovered {
    struct OpenIntent {
        ToolKey tool;
        Intent intent;
    };
    std::vector<OpenIntent> intents;
    std::vector<JournalEntry::Memory> memories;
    std::map<ToolKey, Status> statuses;  ///< the last one of each tool
};

/// Desired, observed, now -> plan -> calls -> statuses: the five steps in order, for every tool that changed.
///
/// Threads: one. Whoever pumps it hands in events in any order and then calls `run_due`; no function blocks.
/// Repeats: every event may come twice or late.
class ControlLoop {
public:
    ControlLoop(Ports ports, LoopSettings settings, Recovered recovered);
    ~ControlLoop();

    void on_desired(std::shared_ptr<const DesiredState> desired);
    /// Readings of queues of one target. A queue that is not mentioned is as it was.
    void on_readings(const std::string& target_id,
                     const std::vector<std::pair<std::string, Reading>>& readings);
    void on_listed(CallToken token, Result<std::vector<Worker>> workers);
    void on_created(CallToken token, boost::system::result<Worker, CallError> worker);
    void on_destroyed(CallToken token, boost::system::result<void, CallError> done);
    void on_journaled(CallToken token, Result<> done);
    void on_queue_done(CallToken token, Result<> done);

    /// The last status of a tool could not be kept: it is told again, soon.
    void on_status_lost(const ToolKey& key);

    /// A backend that cannot be used at all (its plugin did not load, say), and why.
    void backend_broken(const std::string& backend, const std::string& why);

    /// Does everything that is due, and returns when it wants to be called again at the latest.
    TimePoint run_due();

    /// For the command line: tools, instances and queues as they are seen now.
    boost::json::object describe() const;

    /// Whether calls are under way whose outcome is not known.
    bool busy() const;

    /// How many decisions about single tools were made: the measure of the loop's work.
    std::uint64_t plans_made() const { return plans_made_; }

private:
    struct ToolRecord;
    struct BackendRecord;
    struct PendingCall;

    void add_tool(const std::shared_ptr<const HeldTool>& held);
    void recover(ToolRecord& record);
    void change_queue(const ToolRecord& record, const std::string& old_queue);
    void watch_queue(const ToolRecord& record);
    void drop_tool(const ToolKey& key);
    void touch(const ToolKey& key);
    void touch_waiting();
    void start_lists(TimePoint now);
    void plan_one(ToolRecord& record, TimePoint now);
    ToolView view_of(ToolRecord& record, TimePoint now) const;
    BackendView backend_view(const std::string& name) const;
    void carry_out(ToolRecord& record, const ToolPlan& plan, TimePoint now);
    void schedule(ToolRecord& record, const ToolPlan& plan, TimePoint now);
    void order(ToolRecord& record, const Step& step, TimePoint now);
    void let_go(ToolRecord& record, const Step& step);
    void start_create(const ToolKey& tool, const std::string& backend, const std::string& key);
    void start_queue_call(ToolRecord& record, StepKind kind, TimePoint now);
    void report(ToolRecord& record, const ToolView& view, const ToolPlan& plan, TimePoint now);
    void flush_journal(TimePoint now);
    void journal_works();
    void journal_failed(const JournalEntry& entry, const std::string& why);
    void give_up_order(const JournalEntry::Opened& order, TimePoint now);
    void note_boot(const Worker& worker, TimePoint now);
    void note_end(const Worker& worker, TimePoint now);
    void note_failure(ToolRecord& record, const std::string& backend, const CallError& error, TimePoint now);
    void note_late(ToolRecord& record, const Step& step, TimePoint now);
    void forgive_settled(ToolRecord& record, TimePoint now) const;
    void open_intent(ToolRecord& record, Intent intent);
    void mark_seen(IntentRecord& intent, bool seen);
    void refuse_intent(Intent& intent);
    void erase_intent(ToolRecord& record, const std::string& key);
    void close_intent(ToolRecord& record, const std::string& key);
    void close_intents(const std::string& backend, std::uint64_t began);
    void close_intents_of_unknown_tools(const std::string& backend);
    CallToken new_call(PendingCall call);
    std::optional<PendingCall> take_call(CallToken token);
    ToolRecord* find_tool(const ToolKey& key);

    Ports ports_;
    LoopSettings settings_;
    std::shared_ptr<const DesiredState> desired_;
    ObservedWorkers workers_;
    std::map<ToolKey, std::unique_ptr<ToolRecord>> tools_;
    std::map<std::pair<std::string, std::string>, ToolKey> by_queue_;
    std::map<std::string, BackendRecord> backends_;
    std::map<CallToken, PendingCall> calls_;
    std::map<ToolKey, std::vector<Intent>> recovered_intents_;
    std::map<ToolKey, JournalEntry::Memory> recovered_memories_;
    std::map<ToolKey, Status> recovered_statuses_;
    std::set<ToolKey> dirty_;
    std::set<std::pair<TimePoint, ToolKey>> wakes_;
    std::set<ToolKey> waiting_;  ///< tools that wait for room or for a backend
    JournalEntry pending_entry_;
    std::string journal_trouble_;
    TimePoint journal_retry_at_{};
    CallToken last_token_ = 0;
    std::uint64_t plans_made_ = 0;
};

}  // namespace elasticity
