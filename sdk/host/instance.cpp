#include "sdk/host/instance.hpp"

#include <cmath>

#include "sdk/host/views.hpp"

namespace elasticity::sdk {
namespace {

std::optional<double> load_from(double load) {
    return std::isfinite(load) && load >= 0 ? std::optional(load) : std::nullopt;
}

template <class T>
std::optional<T> unless_zero(T number) {
    return number == 0 ? std::nullopt : std::optional(number);
}

HostState state_from(std::uint32_t number) {
    return number <= ELS_ST_GONE ? static_cast<HostState>(number) : HostState::unknown;
}

bool has_sound_texts(const els_instance& emitted) {
    return are_sound({emitted.key, emitted.id, emitted.name, emitted.tool, emitted.address, emitted.error,
                      emitted.detail});
}

}  // namespace

HostResult<HostInstance> instance_from(const els_instance* emitted) {
    if (!ELS_HAS(emitted, els_instance, detail))
        return host_error(ELS_INTERNAL, "the plugin emitted an instance shorter than that of ABI 1.0");
    if (!has_sound_texts(*emitted))
        return host_error(ELS_INTERNAL, "the plugin emitted an instance with a null text or one over 64 KiB");
    HostInstance instance;
    instance.key = owned(emitted->key);
    instance.id = owned(emitted->id);
    instance.name = owned(emitted->name);
    instance.tool = owned(emitted->tool);
    instance.address = owned(emitted->address);
    instance.state = state_from(emitted->state);
    instance.error = owned(emitted->error);
    instance.error_code = emitted->error_code;
    if (emitted->exit_code >= 0) instance.exit_code = emitted->exit_code;
    instance.vcpus = unless_zero(emitted->vcpus);
    instance.memory_bytes = unless_zero(emitted->memory_bytes);
    instance.spec_hash = emitted->spec_hash;
    instance.load1 = load_from(emitted->load1);
    instance.load5 = load_from(emitted->load5);
    instance.load15 = load_from(emitted->load15);
    instance.created_unix_ms = unless_zero(emitted->created_unix_ms);
    instance.state_since_unix_ms = unless_zero(emitted->state_since_unix_ms);
    instance.detail = owned(emitted->detail);
    return instance;
}

BorrowedEnv::BorrowedEnv(const std::vector<HostVariable>& env) {
    entries_.reserve(env.size());
    for (const HostVariable& variable : env) {
        const std::uint32_t flags = variable.secret ? ELS_ENV_SECRET : 0;
        entries_.push_back({sizeof(els_env), flags, view_of(variable.key), view_of(variable.value)});
    }
    for (const els_env& entry : entries_) pointers_.push_back(&entry);
}

BorrowedSpec::BorrowedSpec(const HostSpec& spec) : env_(spec.env) {
    spec_.size = sizeof spec_;
    spec_.key = view_of(spec.key);
    spec_.name = view_of(spec.name);
    spec_.tool = view_of(spec.tool);
    spec_.pool = view_of(spec.pool);
    spec_.service = view_of(spec.service);
    spec_.params = view_of(spec.params);
    spec_.hash = spec.hash;
    spec_.env = env_.data();
    spec_.env_count = env_.size();
}

els_ref borrowed_ref(const HostRef& ref) { return {sizeof(els_ref), 0, view_of(ref.key), view_of(ref.id)}; }

}  // namespace elasticity::sdk
