#pragma once
#include <elasticity/sdk/types.hpp>

#include <string>
#include <string_view>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

inline Spec spec_of(const els_spec& from) {
    Spec spec;
    spec.key = text_of(from.key);
    spec.name = text_of(from.name);
    spec.tool = text_of(from.tool);
    spec.pool = text_of(from.pool);
    spec.service = text_of(from.service);
    spec.params = text_of(from.params);
    spec.hash = from.hash;
    spec.env.reserve(from.env_count);
    for (std::size_t i = 0; i < from.env_count; ++i) {
        const els_env& entry = *from.env[i];
        spec.env.push_back({text_of(entry.key), text_of(entry.value), (entry.flags & ELS_ENV_SECRET) != 0});
    }
    return spec;
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
