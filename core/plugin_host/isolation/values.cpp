#include "core/plugin_host/isolation/values.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "core/plugin_host/isolation/fields.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::size_t log_fields_max = 64;

template <class T>
void add(json::object& object, std::string_view name, const std::optional<T>& value) {
    if (value) object[name] = *value;
}

/// Most fields of most instances are empty.
void add(json::object& object, std::string_view name, const std::string& text) {
    if (!text.empty()) object[name] = text;
}

void make_valid(std::initializer_list<std::string*> texts) {
    for (std::string* text : texts) *text = sdk::valid_utf8(*text);
}

sdk::HostState state_from(std::uint32_t number) {
    return number <= ELS_ST_GONE ? static_cast<sdk::HostState>(number) : sdk::HostState::unknown;
}

}  // namespace

json::object to_json(const sdk::HostInstance& instance) {
    json::object object{{"key", instance.key},
                        {"id", instance.id},
                        {"state", static_cast<std::uint32_t>(instance.state)},
                        {"spec_hash", instance.spec_hash}};
    add(object, "name", instance.name);
    add(object, "tool", instance.tool);
    add(object, "address", instance.address);
    add(object, "error", instance.error);
    add(object, "detail", instance.detail);
    if (instance.error_code != ELS_OK) object["error_code"] = instance.error_code;
    add(object, "exit_code", instance.exit_code);
    add(object, "vcpus", instance.vcpus);
    add(object, "memory_bytes", instance.memory_bytes);
    add(object, "load1", instance.load1);
    add(object, "load5", instance.load5);
    add(object, "load15", instance.load15);
    add(object, "created_unix_ms", instance.created_unix_ms);
    add(object, "state_since_unix_ms", instance.state_since_unix_ms);
    return object;
}

Result<sdk::HostInstance> to_instance(const json::value& value) {
    WireFields fields(value);
    sdk::HostInstance instance;
    fields.read("key", instance.key);
    fields.read("id", instance.id);
    fields.read("name", instance.name);
    fields.read("tool", instance.tool);
    fields.read("address", instance.address);
    fields.read("error", instance.error);
    fields.read("detail", instance.detail);
    make_valid({&instance.key, &instance.id, &instance.name, &instance.tool, &instance.address, &instance.error,
                &instance.detail});
    std::uint32_t state = ELS_ST_UNKNOWN;
    fields.read("state", state);
    instance.state = state_from(state);
    fields.read("spec_hash", instance.spec_hash);
    fields.read("error_code", instance.error_code);
    fields.read("exit_code", instance.exit_code);
    fields.read("vcpus", instance.vcpus);
    fields.read("memory_bytes", instance.memory_bytes);
    fields.read("load1", instance.load1);
    fields.read("load5", instance.load5);
    fields.read("load15", instance.load15);
    fields.read("created_unix_ms", instance.created_unix_ms);
    fields.read("state_since_unix_ms", instance.state_since_unix_ms);
    if (auto fault = fields.fault()) return std::move(*fault);
    return instance;
}

json::object to_json(const sdk::HostError& error) {
    json::object object{{"code", error.code}, {"flags", error.flags}, {"message", error.message}};
    if (error.retry_after_ms != 0) object["retry_after_ms"] = error.retry_after_ms;
    add(object, "provider_code", error.provider_code);
    add(object, "field", error.field);
    return object;
}

Result<sdk::HostError> to_host_error(const json::value& value) {
    WireFields fields(value);
    sdk::HostError error;
    fields.read("code", error.code);
    fields.read("flags", error.flags);
    fields.read("retry_after_ms", error.retry_after_ms);
    fields.read("provider_code", error.provider_code);
    fields.read("field", error.field);
    fields.read("message", error.message);
    make_valid({&error.provider_code, &error.field, &error.message});
    if (error.code == ELS_OK) error.code = ELS_INTERNAL;
    if (auto fault = fields.fault()) return std::move(*fault);
    return error;
}

json::object to_json(const sdk::HostLogLine& line) {
    json::array pairs;
    for (std::size_t i = 0; i < std::min(line.fields.size(), log_fields_max); ++i)
        pairs.push_back(json::array{line.fields[i].first, line.fields[i].second});
    return {{"level", line.level}, {"message", line.message}, {"fields", std::move(pairs)}};
}

Result<sdk::HostLogLine> to_log_line(const json::value& value) {
    WireFields fields(value);
    sdk::HostLogLine line;
    fields.read("level", line.level);
    fields.read("message", line.message);
    line.message = sdk::valid_utf8(line.message);
    for (const json::value& pair : fields.array("fields")) {
        const json::array* both = pair.if_array();
        if (!both || both->size() != 2 || !(*both)[0].is_string() || !(*both)[1].is_string())
            return Error{ErrorKind::invalid, "'fields' of a log line must be pairs of texts"};
        line.fields.emplace_back(sdk::valid_utf8((*both)[0].get_string()), sdk::valid_utf8((*both)[1].get_string()));
    }
    if (auto fault = fields.fault()) return std::move(*fault);
    return line;
}

json::object to_json(const sdk::HostSpec& spec) {
    json::array variables;
    for (const sdk::HostVariable& variable : spec.env)
        variables.push_back({{"key", variable.key}, {"value", variable.value}, {"secret", variable.secret}});
    return {{"key", spec.key},         {"name", spec.name},     {"tool", spec.tool}, {"pool", spec.pool},
            {"service", spec.service}, {"params", spec.params}, {"hash", spec.hash}, {"env", std::move(variables)}};
}

Result<sdk::HostSpec> to_spec(const json::value& value) {
    WireFields fields(value);
    sdk::HostSpec spec;
    fields.read("key", spec.key);
    fields.read("name", spec.name);
    fields.read("tool", spec.tool);
    fields.read("pool", spec.pool);
    fields.read("service", spec.service);
    fields.read("params", spec.params);
    fields.read("hash", spec.hash);
    for (const json::value& item : fields.array("env")) {
        WireFields entry(item);
        sdk::HostVariable& variable = spec.env.emplace_back();
        entry.read("key", variable.key);
        entry.read("value", variable.value);
        entry.read("secret", variable.secret);
        if (auto fault = entry.fault()) return std::move(*fault);
    }
    if (auto fault = fields.fault()) return std::move(*fault);
    return spec;
}

}  // namespace elasticity
