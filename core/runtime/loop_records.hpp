#pragma once
#include "core/runtime/control_loop.hpp"

namespace elasticity {

struct IntentRecord {
    Intent intent;
    std::uint64_t completed = 0;  ///< number of the change that ended its last call
    bool seen = false;            ///< its worker is in the picture, and takes its room there
};

/// Everything that the loop keeps of one tool.
struct ControlLoop::ToolRecord {
    std::shared_ptr<const HeldTool> held;
    Tool tool;
    Reading reading;
    ScalingMemory memory;
    std::uint64_t key_counter = 0;
    std::map<std::string, IntentRecord> intents;  ///< by key
    std::map<std::string, Breaker> breakers;      ///< by backend
    std::optional<Status> last_status;            ///< the last one published
    std::string last_plan;                        ///< what the last plan waits for, or its reason
    std::uint32_t target = 0;
    bool queue_call_in_flight = false;
    bool queue_deleted = false;
    bool forgetting = false;
    TimePoint queue_retry_at{};
    bool status_lost = false;  ///< the last one could not be kept: tell it again, at `status_retry_at`
    TimePoint status_retry_at{};
    std::string queue_trouble;
    std::optional<TimePoint> wake;
};

struct ControlLoop::BackendRecord {
    bool listed = false;
    bool listing = false;
    std::string trouble;
    TimePoint next_list{};
    TimePoint list_began{};  ///< the one that is under way
    TimePoint listed_at{};   ///< when the last complete one began
    std::vector<Worker> strays;
    std::map<std::string, ToolKey> intents;  ///< open ones of all tools, by key
    std::size_t unseen_intents = 0;  ///< those of them that take room besides the workers in the picture
};

/// A call whose answer has not come yet.
struct ControlLoop::PendingCall {
    enum class Kind { list, create, destroy, journal, create_queue, delete_queue };
    Kind kind = Kind::list;
    std::string backend;
    ToolKey tool;
    std::string key;
    std::uint64_t began = 0;  ///< for lists: see ObservedWorkers
    JournalEntry entry;       ///< for journal: what may be made once it is durable, or must be saved later
};

}  // namespace elasticity
