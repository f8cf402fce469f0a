#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/error.hpp"
#include "core/model/finding.hpp"
#include "core/model/tool.hpp"
#include "core/model/worker.hpp"
#include "core/plan/plan_tool.hpp"
#include "core/report/decide_status.hpp"

/// The only virtual classes of core, beside BackendCalls. Each has one real and one simulated implementation. None of their
/// functions blocks: what takes time is answered later by an event of the control loop.
namespace elasticity {

class Clock {
public:
    virtual ~Clock() = default;
    /// Wall-clock time that never jumps while the process runs.
    virtual TimePoint now() const = 0;
};

using CallToken = std::uint64_t;

/// Why a backend's call failed, and what may be done about it.
struct CallError {
    Finding finding;
    bool backend_unavailable = false;  ///< it does not answer at all
    bool maybe_done = false;           ///< the effect may have happened all the same
    Millis retry_after{0};             ///< the provider's own wish
};

[[noreturn]] void throw_exception_from_error(const CallError& error, const boost::source_location& where);

/// A worker to be made. The variables of its environment are filled in where it is started.
struct WorkerOrder {
    std::string key;
    Tool tool;
};

/// Calls into plugins; answered by ControlLoop::on_listed, on_created and on_destroyed with the same token.
class Backends {
public:
    virtual ~Backends() = default;
    virtual void list(const std::string& backend, CallToken token) = 0;
    virtual void create(const std::string& backend, const WorkerOrder& order, CallToken token) = 0;
    /// Ends a worker gracefully; one that is gone already is success.
    virtual void destroy(const std::string& backend, const std::string& key, const std::string& id,
                         CallToken token) = 0;
};

/// Queues at the brokers; readings come by ControlLoop::on_readings, answers by on_queue_done.
class QueueReadings {
public:
    virtual ~QueueReadings() = default;
    /// A reading follows, also of a queue that was watched before. Counters cost the broker work: they come only
    /// where they are asked for.
    virtual void watch(const std::string& target_id, const std::string& queue, bool with_counters) = 0;
    virtual void unwatch(const std::string& target_id, const std::string& queue) = 0;
    virtual void create_queue(const Tool& tool, CallToken token) = 0;
    virtual void delete_queue(const Tool& tool, CallToken token) = 0;
};

/// What must survive a crash before a worker may be made.
struct JournalEntry {
    struct Opened {
        ToolKey tool;
        std::uint64_t spec_hash = 0;
        Intent intent;
    };
    struct Memory {
        ToolKey tool;
        std::uint64_t key_counter = 0;
        ScalingMemory scaling;
    };
    std::vector<Opened> opened;
    std::vector<std::string> accepted_keys;
    std::vector<std::string> closed_keys;
    std::vector<Memory> memories;
    std::vector<ToolKey> forgotten;

    bool empty() const {
        return opened.empty() && accepted_keys.empty() && closed_keys.empty() && memories.empty() &&
               forgotten.empty();
    }
};

/// Makes entries durable, in order, each as a whole; answered by ControlLoop::on_journaled.
class Journal {
public:
    virtual ~Journal() = default;
    virtual void commit(JournalEntry entry, CallToken token) = 0;
};

/// Sends statuses; each survives a crash once `publish` has returned and the journal has caught up.
class StatusSink {
public:
    virtual ~StatusSink() = default;
    virtual void publish(const ToolKey& key, const Status& status) = 0;
};

/// The desired state; changes come by ControlLoop::on_desired.
class ToolStore {
public:
    virtual ~ToolStore() = default;
    /// Takes a tool out whose removal is complete; unless it was asked for again meanwhile. It is told once:
    /// a store that cannot write now keeps trying.
    virtual void forget(const ToolKey& key) = 0;
};

struct Ports {
    const Clock& clock;
    Backends& backends;
    QueueReadings& queues;
    Journal& journal;
    StatusSink& statuses;
    ToolStore& store;
};

}  // namespace elasticity
