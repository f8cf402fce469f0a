#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/finding.hpp"
#include "core/model/reading.hpp"
#include "core/model/tool.hpp"
#include "core/model/worker.hpp"
#include "core/scaling/decide_size.hpp"

namespace elasticity {

/// What becomes of a worker. Every state has exactly one fate, so this is the whole policy about odd states.
enum class Fate {
    ready,    ///< counts, and can work
    booting,  ///< counts: it was ordered and is on its way
    late,     ///< did not boot in time: replaced
    dead,     ///< ended or failed: cleaned up, and a failure if it lived shortly
    leaving,  ///< being let go: counts no more
};

Fate fate_of(const Worker& worker, Millis boot_timeout, TimePoint now);

/// A worker that lived at least this long was no crash.
constexpr Millis settled_life{60'000};

/// How long a worker that is tried after a failure must live before the next one, and before it counts as news: a
/// list shows by then whether it ended at once.
constexpr Millis trial_life{15'000};

/// A worker that was ordered and that no complete list has shown or disproved since.
struct Intent {
    std::string key;
    std::string backend;
    TimePoint created{};
    bool accepted = false;   ///< the provider said yes
    bool in_flight = false;  ///< a call about it is running
    bool failed = false;     ///< the provider said no: it supplies nothing, a list closes it
};

/// What is known of a backend when a tool is planned.
struct BackendView {
    std::string name;
    bool listed = false;         ///< a complete list was seen since the start
    std::uint32_t room = 0;      ///< how many more workers it may take
    std::string trouble;         ///< why it does not answer; "" when it does
    TimePoint listed_at = TimePoint::max();  ///< when the last complete list began
};

/// A (backend, tool) pair that keeps failing waits, longer each time.
struct Breaker {
    std::uint32_t failures = 0;
    TimePoint retry_at{};
    Finding last;
};

struct ObservedWorker {
    Worker worker;
    bool in_flight = false;  ///< a call about it is running
};

/// Everything that a decision about one tool depends on.
struct ToolView {
    const Tool* tool = nullptr;
    Reading reading;
    std::vector<ObservedWorker> workers;
    std::vector<Intent> intents;
    std::vector<BackendView> backends;  ///< best first
    std::map<std::string, Breaker> breakers;  ///< by backend
    ScalingMemory memory;
    std::uint64_t key_counter = 0;
    std::string install_id;
    bool create_queue_in_flight = false;
    bool queue_deleted = false;  ///< for a removal that asked for it
};

enum class StepKind { create, destroy, create_queue, delete_queue, forget };

struct Step {
    StepKind kind = StepKind::create;
    std::string backend;
    std::string key;
    std::string id;  ///< of the worker to destroy, when it is known
    bool repeated = false;  ///< the same key was ordered before; no new intent
    std::string reason;
    bool scales = false;  ///< changes the size, so that a cooldown begins
};

struct ToolPlan {
    std::vector<Step> steps;
    SizeDecision size;
    std::uint32_t supply = 0;
    std::uint64_t key_counter = 0;
    std::optional<TimePoint> next_wake;
    std::string waiting_for;  ///< why nothing more is done now; "" when nothing is missing
    bool no_capacity = false;  ///< more is wanted, and no backend takes it now
};

/// Decides what to do about one tool now. Carrying it out leaves nothing more to do until something changes
/// or `next_wake` has come.
ToolPlan plan_tool(const ToolView& view, TimePoint now);

/// PREFIX-12hex; the same counter gives the same key for ever.
std::string worker_key(const Tool& tool, const std::string& install_id, std::uint64_t counter);

/// The breaker after one more failure: 1 s, doubled up to 5 min; `retry_after` of the provider counts if longer.
Breaker after_failure(Breaker breaker, Finding why, Millis retry_after, TimePoint now);

}  // namespace elasticity
