#pragma once
#include <elasticity/sdk/types.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {

enum class LogLevel : std::uint32_t {
    trace = ELS_LOG_TRACE,
    debug = ELS_LOG_DEBUG,
    info = ELS_LOG_INFO,
    warn = ELS_LOG_WARN,
    error = ELS_LOG_ERROR,
};

/// What the core offers. Outlives the backend; may be copied and used from any thread.
class Host {
public:
    struct Field {
        std::string_view key;
        std::string_view value;
    };

    explicit Host(const els_host* host) noexcept : host_(host) {}

    /// Install id of the daemon. Every resource carries it; a resource of another owner is none of ours.
    std::string_view owner() const noexcept { return text_of(host_->owner); }

    /// Name of this backend in the settings.
    std::string_view backend() const noexcept { return text_of(host_->backend_name); }

    /// A private writable directory; empty where the core gives none.
    std::string_view state_dir() const noexcept { return text_of(host_->state_dir); }

    /// One line, no secret in it.
    void log(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {}) const {
        const auto number = static_cast<std::uint32_t>(level);
        if (!ELS_HAS_FN(host_, els_host, log)) return;
        if (ELS_HAS_FN(host_, els_host, log_enabled) && host_->log_enabled(host_, number) == 0) return;
        std::vector<els_kv> pairs;
        pairs.reserve(fields.size());
        for (const Field& field : fields) pairs.push_back({view_of(field.key), view_of(field.value)});
        host_->log(host_, number, view_of(message), pairs.data(), pairs.size());
    }

    /// The value behind a secret reference of the config. Blocks: for pool calls, activate and probe alone.
    /// Ask again on reconnect, since secrets change; keep it out of logs and errors.
    std::string secret(std::string_view reference) const {
        const els_host_secrets_v1* secrets = nullptr;
        if (ELS_HAS_FN(host_, els_host, query))
            secrets = static_cast<const els_host_secrets_v1*>(host_->query(host_, ELS_IF_HOST_SECRETS));
        if (!ELS_HAS_FN(secrets, els_host_secrets_v1, resolve))
            throw Error(ELS_UNIMPLEMENTED, "this core resolves no secrets");
        std::string value;
        els_sink sink{sizeof(els_sink), 0, &value, &append};
        els_error error{};
        error.size = sizeof error;
        const els_code code = secrets->resolve(host_, view_of(reference), &sink, &error);
        if (code != ELS_OK) throw Error(code, error.message, error.flags);
        return value;
    }

private:
    static els_code append(void* value, els_view chunk) noexcept {
        try {
            static_cast<std::string*>(value)->append(text_of(chunk));
            return ELS_OK;
        } catch (...) {
            return ELS_RESOURCE_EXHAUSTED;  // The barrier: std::bad_alloc must not reach the core.
        }
    }

    const els_host* host_;
};

}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
