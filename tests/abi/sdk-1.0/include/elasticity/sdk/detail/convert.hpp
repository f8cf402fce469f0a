#pragma once
#include <elasticity/sdk/types.hpp>

#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

inline std::vector<Variable> env_of(const els_env* const* entries, std::size_t count) {
    std::vector<Variable> env;
    env.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const els_env& entry = *entries[i];
        env.push_back({text_of(entry.key), text_of(entry.value), (entry.flags & ELS_ENV_SECRET) != 0});
    }
    return env;
}

inline Spec spec_of(const els_spec& from) {
    Spec spec;
    spec.key = text_of(from.key);
    spec.name = text_of(from.name);
    spec.tool = text_of(from.tool);
    spec.pool = text_of(from.pool);
    spec.service = text_of(from.service);
    spec.params = text_of(from.params);
    spec.hash = from.hash;
    spec.env = env_of(from.env, from.env_count);
    return spec;
}

inline Target target_of(const els_target& from) noexcept {
    return {text_of(from.machine_key), text_of(from.address), from.port, text_of(from.user),
            text_of(from.credential)};
}

inline std::vector<Target> targets_of(const els_target* const* targets, std::size_t count) {
    std::vector<Target> converted;
    converted.reserve(count);
    for (std::size_t i = 0; i < count; ++i) converted.push_back(target_of(*targets[i]));
    return converted;
}

inline ServiceSpec service_spec_of(const els_service_spec& from) {
    return {text_of(from.key),  text_of(from.service), text_of(from.instance),
            text_of(from.tool), from.hash,             env_of(from.env, from.env_count)};
}

inline Ref ref_of(const els_ref& from) noexcept { return {text_of(from.key), text_of(from.id)}; }

inline els_instance instance_of(const Instance& from) noexcept {
    els_instance to{};
    to.size = sizeof to;
    to.state = from.state;
    to.key = view_of(from.key);
    to.id = view_of(from.id);
    to.name = view_of(from.name);
    to.tool = view_of(from.tool);
    to.address = view_of(from.address);
    to.error = view_of(from.error);
    to.error_code = from.error_code;
    to.exit_code = from.exit_code;
    to.vcpus = from.vcpus;
    to.memory_bytes = from.memory_bytes;
    to.spec_hash = from.spec_hash;
    to.load1 = from.load1;
    to.load5 = from.load5;
    to.load15 = from.load15;
    to.created_unix_ms = from.created_unix_ms;
    to.state_since_unix_ms = from.state_since_unix_ms;
    to.detail = view_of(from.detail);
    return to;
}

/// A sink's refusal stops the call and is handed on, as the contract asks.
inline void emit_to(els_instance_sink* sink, const Instance& instance) {
    const els_instance borrowed = instance_of(instance);
    const els_code code = sink->emit(sink->ctx, &borrowed);
    if (code != ELS_OK) throw Error(code, "the core took no more instances");
}

inline void emit_to(els_event_sink* sink, const Event& event) {
    els_event borrowed{};
    borrowed.size = sizeof borrowed;
    borrowed.kind = event.kind;
    borrowed.id = view_of(event.id);
    borrowed.key = view_of(event.key);
    borrowed.cursor = view_of(event.cursor);
    borrowed.detail = view_of(event.detail);
    borrowed.unix_ms = event.unix_ms;
    const els_code code = sink->emit(sink->ctx, &borrowed);
    if (code != ELS_OK) throw Error(code, "the core took no more events");
}

inline void write_to(els_sink* sink, std::string_view text) {
    const els_code code = sink->write(sink->ctx, view_of(text));
    if (code != ELS_OK) throw Error(code, "the core took no more text");
}

inline Report report_to(els_sink* sink) {
    return [sink](const Finding& finding) {
        write_to(sink, "{\"severity\":" + json_string(finding.severity) +
                           ",\"path\":" + json_string(finding.path) +
                           ",\"message\":" + json_string(finding.message) + "}\n");
    };
}

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
