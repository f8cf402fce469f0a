#include "core/model/tool.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "core/model/names.hpp"
#include "core/model/profile.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 20> common_fields{
    "tool", "kind", "extractor", "extractors", "queue", "min_instances", "max_instances", "name_prefix", "backend",
    "environment", "revision", "scaling", "missing_queue", "bindings", "force",
    // of its entry in tools.json
    "target", "request_id", "generation", "paused", "removing"};

constexpr std::size_t prefix_max = 40;

std::string text_or(const json::object& fields, std::string_view name, std::string fallback) {
    const json::value* value = fields.if_contains(name);
    return value ? std::string(value->as_string()) : std::move(fallback);
}

std::optional<std::uint32_t> number_at(const json::object& fields, std::string_view name) {
    const json::value* value = fields.if_contains(name);
    return value ? std::optional(value->to_number<std::uint32_t>()) : std::nullopt;
}

void read_seconds(const json::object& fields, std::string_view name, Millis& into) {
    if (const json::value* value = fields.if_contains(name))
        into = Millis(std::llround(value->to_number<double>() * 1000));
}

/// "10%" -> 0.1
std::optional<double> parse_percentage(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    text.remove_suffix(1);
    double percent = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (failed != std::errc() || end != text.data() + text.size() || !(percent >= 0 && percent <= 1000))
        return std::nullopt;
    return percent / 100;
}

Result<StepLimit> parse_step_limit(const json::value& value) {
    StepLimit limit;
    if (value.is_number()) {
        limit.instances = value.to_number<std::uint32_t>();
        return limit;
    }
    const std::string_view text = value.as_string();
    if (text == "never") return limit;
    limit.fraction = parse_percentage(text);
    if (!limit.fraction || *limit.fraction <= 0)
        return Error{ErrorKind::invalid, "must be a number, a percentage such as \"50%\", or \"never\""};
    return limit;
}

/// The first extractor's name, made fit for a prefix.
std::string default_prefix(const std::string& name) {
    std::string prefix = name.substr(0, prefix_max);
    for (char& c : prefix)
        if (!is_plain_name(std::string_view(&c, 1)) && c != '.' && c != '_' && c != '-') c = '-';
    if (!is_plain_name(prefix, prefix_max)) prefix = "w" + prefix.substr(0, prefix_max - 1);
    return prefix;
}

std::vector<EnvironmentVariable> environment_of(const json::object& fields) {
    std::vector<EnvironmentVariable> variables;
    const json::value* given = fields.if_contains("environment");
    if (!given) return variables;
    for (const auto& member : given->as_object()) {
        const bool secret = member.value().is_object();
        const json::value& value = secret ? member.value().at("secret") : member.value();
        variables.push_back({std::string(member.key()), std::string(value.as_string()), secret});
    }
    std::sort(variables.begin(), variables.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return variables;
}

std::vector<Binding> bindings_of(const json::object& fields) {
    std::vector<Binding> bindings;
    if (const json::value* given = fields.if_contains("bindings"))
        for (const json::value& each : given->as_array())
            bindings.push_back({text_or(each.as_object(), "exchange", ""),
                                text_or(each.as_object(), "routing_key", "")});
    return bindings;
}

json::object params_of(const json::object& fields) {
    json::object params;
    for (const auto& member : fields) {
        if (is_common_tool_field(member.key())) continue;
        if (member.key() == "options")
            for (const auto& option : member.value().as_object()) params[option.key()] = option.value();
        else
            params[member.key()] = member.value();
    }
    return params;
}

/// Serialised with sorted keys, so that the order in which somebody typed them does not matter.
std::string canonical(const json::value& value) {
    if (const json::object* object = value.if_object()) {
        std::vector<std::string> members;
        for (const auto& member : *object)
            members.push_back(json::serialize(json::string(member.key())) + ":" + canonical(member.value()));
        std::sort(members.begin(), members.end());
        std::string text = "{";
        for (const std::string& member : members) text += member + ",";
        return text + "}";
    }
    if (const json::array* array = value.if_array()) {
        std::string text = "[";
        for (const json::value& item : *array) text += canonical(item) + ",";
        return text + "]";
    }
    return json::serialize(value);
}

/// Secret names count, their values do not. Counts, scaling and prefix change no worker.
std::uint64_t spec_hash_of(const Tool& tool, const json::object& fields) {
    json::object spec{{"kind", tool.kind}, {"target", tool.key.target}, {"queue", tool.queue}, {"params", tool.params}};
    if (const json::value* environment = fields.if_contains("environment")) spec["environment"] = *environment;
    const std::uint64_t hash = stable_hash(canonical(spec));
    return hash == 0 ? 1 : hash;  // 0 means "unknown" in the plugin ABI
}

MissingQueue missing_queue_of(const json::object& fields) {
    const std::string text = text_or(fields, "missing_queue", "start_one");
    if (text == "create") return MissingQueue::create;
    return text == "wait" ? MissingQueue::wait : MissingQueue::start_one;
}

}  // namespace

std::uint32_t StepLimit::of(std::uint32_t present) const {
    if (instances) return *instances;
    if (!fraction) return UINT32_MAX;
    return std::max(1U, static_cast<std::uint32_t>(std::floor(*fraction * present)));
}

std::string to_label(const ToolKey& key) { return key.tool + "@" + key.target; }

std::optional<ToolKey> parse_label(std::string_view label) {
    // A target never holds '@', a tool's name may.
    const auto at = label.rfind('@');
    if (at == label.npos || at == 0) return std::nullopt;
    return ToolKey{std::string(label.substr(at + 1)), std::string(label.substr(0, at))};
}

bool is_common_tool_field(std::string_view name) {
    return std::find(common_fields.begin(), common_fields.end(), name) != common_fields.end();
}

std::uint64_t stable_hash(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

Result<ScalingPolicy> parse_scaling(const json::object& given) {
    const json::object fields = with_profile(given);
    ScalingPolicy policy;
    const std::string mode = text_or(fields, "mode", "backlog");
    if (mode == "fixed") policy.mode = ScalingMode::fixed;
    if (mode == "drain_time") policy.mode = ScalingMode::drain_time;
    policy.fixed_instances = number_at(fields, "fixed_instances");
    policy.backlog_per_instance = number_at(fields, "backlog_per_instance").value_or(policy.backlog_per_instance);
    policy.activation = number_at(fields, "activation").value_or(0);
    if (const json::value* band = fields.if_contains("dead_band")) {
        const auto fraction = parse_percentage(std::string_view(band->as_string()));
        if (!fraction) return Error{ErrorKind::invalid, "dead_band: must be a percentage such as \"10%\""};
        policy.dead_band = *fraction;
    }
    for (auto [name, into] : {std::pair("up_step_max", &policy.up_step_max),
                              std::pair("down_step_max", &policy.down_step_max)}) {
        if (const json::value* value = fields.if_contains(name)) {
            const auto limit = parse_step_limit(*value);
            if (!limit) return within(name, limit.error());
            *into = *limit;
        }
    }
    read_seconds(fields, "drain_time_s", policy.drain_time);
    read_seconds(fields, "up_cooldown_s", policy.up_cooldown);
    read_seconds(fields, "down_cooldown_s", policy.down_cooldown);
    read_seconds(fields, "look_back_s", policy.look_back);
    read_seconds(fields, "boot_timeout_s", policy.boot_timeout);
    read_seconds(fields, "idle_s", policy.idle);
    if (const json::value* fallback = fields.if_contains("fallback"); fallback && fallback->is_number())
        policy.fallback = fallback->to_number<std::uint32_t>();
    if (const json::value* entries = fields.if_contains("schedule")) {
        auto schedule = parse_schedule(entries->as_array());
        if (!schedule) return schedule.error();
        policy.schedule = std::move(*schedule);
    }
    if (text_or(fields, "victim_order", "newest") == "oldest") policy.victim_order = VictimOrder::oldest;
    return policy;
}

std::vector<std::string> extractors_of(const ToolEntry& entry) {
    if (const json::value* one = entry.fields.if_contains("extractor")) return {std::string(one->as_string())};
    std::vector<std::string> names;
    if (const json::value* many = entry.fields.if_contains("extractors"))
        for (const json::value& name : many->as_array()) names.emplace_back(name.as_string());
    if (names.empty()) names.push_back(entry.key.tool);
    return names;
}

std::string queue_of(const ToolEntry& entry) {
    return text_or(entry.fields, "queue", extractors_of(entry).front());
}

Tool make_tool(const ToolEntry& entry, const json::object& scaling_defaults) {
    const json::object& fields = entry.fields;
    Tool tool;
    tool.key = entry.key;
    tool.kind = text_or(fields, "kind", "");
    tool.extractors = extractors_of(entry);
    tool.queue = queue_of(entry);
    tool.min_instances = number_at(fields, "min_instances").value_or(0);
    tool.max_instances =
        number_at(fields, "max_instances").value_or(std::max(default_max_instances, tool.min_instances));
    tool.name_prefix = text_or(fields, "name_prefix", default_prefix(entry.key.tool));
    if (const json::value* backend = fields.if_contains("backend")) tool.backend = std::string(backend->as_string());
    tool.environment = environment_of(fields);
    tool.missing_queue = missing_queue_of(fields);
    tool.bindings = bindings_of(fields);
    if (const json::value* force = fields.if_contains("force")) tool.force = force->as_bool();
    json::object scaling = with_profile(scaling_defaults);
    if (const json::value* own = fields.if_contains("scaling"))
        for (const auto& member : with_profile(own->as_object())) scaling[member.key()] = member.value();
    tool.scaling = parse_scaling(scaling).value();
    tool.params = params_of(fields);
    tool.spec_hash = spec_hash_of(tool, fields);
    tool.generation = entry.generation;
    tool.request_id = entry.request_id;
    tool.paused = entry.paused;
    tool.removal = entry.removal;
    return tool;
}

}  // namespace elasticity
