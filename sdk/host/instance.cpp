#include "sdk/host/instance.hpp"

#include <cmath>
#include <string_view>

#include "sdk/host/utf8.hpp"

namespace elasticity::sdk {
namespace {

constexpr std::size_t text_max_bytes = 64 * 1024;

els_view view_of(const std::string& text) { return {text.data(), text.size()}; }

bool is_sound(els_view view) { return view.len <= text_max_bytes && (view.data != nullptr || view.len == 0); }

std::string owned(els_view view) {
    return view.len == 0 ? std::string() : valid_utf8({view.data, view.len});
}

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
    for (const els_view& view : {emitted.key, emitted.id, emitted.name, emitted.tool, emitted.address,
                                 emitted.error, emitted.detail})
        if (!is_sound(view)) return false;
    return true;
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

BorrowedSpec::BorrowedSpec(const HostSpec& spec) {
    env_.reserve(spec.env.size());
    for (const HostVariable& variable : spec.env) {
        const std::uint32_t flags = variable.secret ? ELS_ENV_SECRET : 0;
        env_.push_back({sizeof(els_env), flags, view_of(variable.key), view_of(variable.value)});
    }
    for (const els_env& entry : env_) env_pointers_.push_back(&entry);
    spec_.size = sizeof spec_;
    spec_.key = view_of(spec.key);
    spec_.name = view_of(spec.name);
    spec_.tool = view_of(spec.tool);
    spec_.pool = view_of(spec.pool);
    spec_.service = view_of(spec.service);
    spec_.params = view_of(spec.params);
    spec_.hash = spec.hash;
    spec_.env = env_pointers_.data();
    spec_.env_count = env_pointers_.size();
}

els_ref borrowed_ref(const HostRef& ref) { return {sizeof(els_ref), 0, view_of(ref.key), view_of(ref.id)}; }

}  // namespace elasticity::sdk
