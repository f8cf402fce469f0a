#pragma once
#include <boost/json/object.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/error.hpp"
#include "core/model/schedule.hpp"
#include "core/model/time.hpp"

namespace elasticity {

/// A tool is known by its target and its name (contract, section 1).
struct ToolKey {
    std::string target;  ///< Target::id()
    std::string tool;

    auto operator<=>(const ToolKey&) const = default;
};

/// "ncsa.image.ocr@amqp://host:5672/prod": what a plugin stores with each worker and gives back.
std::string to_label(const ToolKey& key);
std::optional<ToolKey> parse_label(std::string_view label);

/// At most so many instances in one step: a number, a share of the present ones, or no limit.
struct StepLimit {
    std::optional<std::uint32_t> instances;
    std::optional<double> fraction;

    /// Never less than 1, so that a percentage of few is not a standstill.
    std::uint32_t of(std::uint32_t present) const;
    bool operator==(const StepLimit&) const = default;
};

enum class ScalingMode { backlog, drain_time, fixed };
enum class VictimOrder { newest, oldest };

/// Contract, section 5. Times are wall-clock durations.
struct ScalingPolicy {
    ScalingMode mode = ScalingMode::backlog;
    std::optional<std::uint32_t> fixed_instances;
    std::uint32_t backlog_per_instance = 20;
    Millis drain_time{300'000};
    std::uint64_t activation = 0;
    double dead_band = 0.10;  ///< fraction
    Millis up_cooldown{0};
    Millis down_cooldown{60'000};
    Millis look_back{60'000};
    StepLimit up_step_max;
    StepLimit down_step_max;
    Millis boot_timeout{300'000};
    Millis idle{300'000};
    VictimOrder victim_order = VictimOrder::newest;
    std::vector<ScheduleEntry> schedule;
    std::optional<std::uint32_t> fallback;  ///< at least so many while readings are missing; absent: hold

    bool operator==(const ScalingPolicy&) const = default;
};

enum class MissingQueue { start_one, create, wait };
enum class DeleteQueue { never, if_empty, always };

struct Binding {
    std::string exchange;
    std::string routing_key;
};

struct EnvironmentVariable {
    std::string name;
    std::string value;            ///< text, or the name of a secret
    bool is_secret_name = false;  ///< the value itself is looked up when a worker starts, and kept nowhere
};

/// A tool on its way out: its workers are let go first, then its queue, then the entry.
struct Removal {
    DeleteQueue delete_queue = DeleteQueue::never;
    bool force = false;  ///< also end workers that hold messages

    bool operator==(const Removal&) const = default;
};

/// One entry of tools.json: what was asked for, as it was asked for, after validation.
struct ToolEntry {
    ToolKey key;
    boost::json::object fields;  ///< the tool as in a deploy message, without `tool`
    std::string request_id;      ///< the request that changed it last
    std::uint64_t generation = 0;  ///< the commit that changed it last
    bool paused = false;
    std::optional<Removal> removal;
};

/// What the workers of a tool need, with every default filled in.
struct Tool {
    ToolKey key;
    std::string kind;
    std::vector<std::string> extractors;
    std::string queue;
    std::uint32_t min_instances = 0;
    std::uint32_t max_instances = 20;
    std::string name_prefix;
    std::optional<std::string> backend;
    std::vector<EnvironmentVariable> environment;
    MissingQueue missing_queue = MissingQueue::start_one;
    std::vector<Binding> bindings;
    bool force = false;
    ScalingPolicy scaling;
    boost::json::object params;   ///< the fields of its kind, for the plugin
    std::uint64_t spec_hash = 0;  ///< changes exactly when a worker would have to be another one
    std::uint64_t generation = 0;
    std::string request_id;
    bool paused = false;
    std::optional<Removal> removal;
};

/// The extractors of a tool, the first of which gives the queue its name where none is given.
std::vector<std::string> extractors_of(const ToolEntry& entry);
std::string queue_of(const ToolEntry& entry);

/// Fills in the defaults; `scaling_defaults` are those of the settings. What the tool says goes before them, and what
/// is said goes before what a profile says. The entry must be valid.
Tool make_tool(const ToolEntry& entry, const boost::json::object& scaling_defaults);

/// Reads a scaling object that fits its schema, with its profile; fails on a percentage that is none.
Result<ScalingPolicy> parse_scaling(const boost::json::object& fields);

/// The members of a tool, and of its entry in tools.json, that the core knows; all others belong to the plugin
/// of its kind.
bool is_common_tool_field(std::string_view name);

/// What `max_instances` is when it is left out: this, or the minimum where that is greater.
constexpr std::uint32_t default_max_instances = 20;

/// 64-bit hash with a stable value over versions and machines (XXH3).
std::uint64_t stable_hash(std::string_view text);

}  // namespace elasticity
