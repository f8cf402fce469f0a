#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "plugins/docker/container.hpp"

namespace elasticity::docker {
namespace {

namespace json = boost::json;

// The engine's answers are read leniently: what is missing or of another type is unknown.

std::string text_at(const json::value* value) {
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string text_of(const json::object& object, std::string_view name) {
    return text_at(object.if_contains(name));
}

std::int64_t integer_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

bool is_true(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

const json::object& object_of(const json::object& object, std::string_view name) {
    static const json::object none;
    const json::value* value = object.if_contains(name);
    return value && value->is_object() ? value->get_object() : none;
}

std::string without_slash(std::string name) {
    return name.rfind('/', 0) == 0 ? name.substr(1) : name;
}

void set_identity(sdk::Instance& instance, const json::object& labels) {
    instance.key = text_of(labels, label::key);
    instance.tool = text_of(labels, label::tool);
    const std::string hash = text_of(labels, label::spec_hash);
    std::from_chars(hash.data(), hash.data() + hash.size(), instance.spec_hash, 16);
}

/// The address on the first network that gave one.
std::string address_of(const json::object& network_settings) {
    for (const auto& [name, network] : object_of(network_settings, "Networks")) {
        if (!network.is_object()) continue;
        const std::string address = text_of(network.get_object(), "IPAddress");
        if (!address.empty()) return address;
    }
    return {};
}

void set_limits(sdk::Instance& instance, const json::object& host_config) {
    instance.vcpus =
        static_cast<std::uint32_t>(std::ceil(static_cast<double>(integer_of(host_config, "NanoCpus")) / 1e9));
    instance.memory_bytes = static_cast<std::uint64_t>(integer_of(host_config, "Memory"));
}

bool has_ended(std::uint32_t state) {
    return state == ELS_ST_STOPPED || state == ELS_ST_FAILED;
}

/// Why the worker ended, in words; the engine's own come first.
void set_end(sdk::Instance& instance, const json::object& state) {
    instance.exit_code = static_cast<std::int32_t>(integer_of(state, "ExitCode"));
    instance.state_since_unix_ms = unix_ms_of(text_of(state, "FinishedAt"));
    const std::string error = text_of(state, "Error");
    if (is_true(state, "OOMKilled")) {
        instance.error = "killed: out of memory";
        instance.error_code = ELS_RESOURCE_EXHAUSTED;
    } else if (!error.empty() || instance.state == ELS_ST_FAILED) {
        instance.error = error.empty() ? "exited with code " + std::to_string(instance.exit_code) : error;
        instance.error_code = ELS_UNKNOWN;
    }
}

}  // namespace

std::string label_of(const json::value& labels, std::string_view name) {
    return labels.is_object() ? text_of(labels.get_object(), name) : std::string();
}

std::uint32_t state_of(std::string_view status, std::int64_t exit_code) {
    if (status == "created" || status == "restarting") return ELS_ST_PROVISIONING;
    if (status == "running") return ELS_ST_RUNNING;
    if (status == "paused") return ELS_ST_SUSPENDED;
    if (status == "removing") return ELS_ST_DELETING;
    if (status == "exited") return exit_code == 0 ? ELS_ST_STOPPED : ELS_ST_FAILED;
    if (status == "dead") return ELS_ST_FAILED;
    return ELS_ST_UNKNOWN;
}

std::int64_t unix_ms_of(std::string_view timestamp) {
    using namespace std::chrono;
    int year_number = 0;
    unsigned month_number = 0, day_number = 0, hour = 0, minute = 0, second = 0, millisecond = 0;
    const std::string text(timestamp.substr(0, 23));  // down to the millisecond
    const int read = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u.%3u", &year_number, &month_number,
                                 &day_number, &hour, &minute, &second, &millisecond);
    const year_month_day date{year(year_number), month(month_number), day(day_number)};
    if (read < 6 || !date.ok() || year_number < 1970) return 0;
    const auto time =
        sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + milliseconds(millisecond);
    return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

sdk::Instance instance_from_summary(const json::object& summary) {
    sdk::Instance instance;
    set_identity(instance, object_of(summary, "Labels"));
    instance.id = text_of(summary, "Id");
    const json::value* names = summary.if_contains("Names");
    if (names && names->is_array() && !names->get_array().empty()) {
        instance.name = without_slash(text_at(&names->get_array().front()));
    }
    instance.state = state_of(text_of(summary, "State"), 0);
    instance.address = address_of(object_of(summary, "NetworkSettings"));
    instance.created_unix_ms = integer_of(summary, "Created") * 1000;
    return instance;
}

sdk::Instance instance_from_details(const json::object& details) {
    sdk::Instance instance;
    const json::object& state = object_of(details, "State");
    set_identity(instance, object_of(object_of(details, "Config"), "Labels"));
    set_limits(instance, object_of(details, "HostConfig"));
    instance.id = text_of(details, "Id");
    instance.name = without_slash(text_of(details, "Name"));
    instance.state = state_of(text_of(state, "Status"), integer_of(state, "ExitCode"));
    instance.address = address_of(object_of(details, "NetworkSettings"));
    instance.created_unix_ms = unix_ms_of(text_of(details, "Created"));
    instance.state_since_unix_ms = unix_ms_of(text_of(state, "StartedAt"));
    if (has_ended(instance.state)) set_end(instance, state);
    return instance;
}

}  // namespace elasticity::docker
