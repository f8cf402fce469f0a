#pragma once
#include <elasticity/sdk/text.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {

/// How a plugin says no. Thrown from any function of the plugin's class; it never crosses the boundary.
/// `text` is one line for people (what was wrong, what was wanted) and holds no secret.
struct Error : std::exception {
    els_code code;
    std::uint32_t flags;  ///< ELS_ERR_*: what the core may do about it
    std::string text;
    std::string field;
    std::string provider_code;
    std::uint32_t retry_after_ms = 0;

    Error(els_code error_code, std::string message, std::uint32_t error_flags = 0)
        : code(error_code), flags(error_flags), text(std::move(message)) {}

    /// The JSON pointer, into config or params, of the value that is to blame.
    Error& at(std::string pointer) {
        field = std::move(pointer);
        return *this;
    }

    /// The provider's own code: "409", "Nova:OverQuota".
    Error& provider(std::string own_code) {
        provider_code = std::move(own_code);
        return *this;
    }

    Error& retry_after(std::uint32_t wait_ms) {
        retry_after_ms = wait_ms;
        return *this;
    }

    const char* what() const noexcept override { return text.c_str(); }
};

/// One variable of the worker's environment. A secret value is never shown and never hashed.
struct Variable {
    std::string_view key;
    std::string_view value;
    bool secret = false;
};

/// What to create. Everything is borrowed: it lives until the call returns.
struct Spec {
    std::string_view key;      ///< idempotency key, to be stored with the resource
    std::string_view name;     ///< what people see
    std::string_view tool;     ///< opaque text of the core, to be stored and given back
    std::string_view pool;
    std::string_view service;
    std::string_view params;   ///< JSON object, valid against spec_schema
    std::uint64_t hash = 0;    ///< to be stored and given back
    std::vector<Variable> env;
};

/// Which instance. At least one of key and id is not empty; where both are, both must match.
struct Ref {
    std::string_view key;
    std::string_view id;
};

/// A machine to reach, which another backend may have made. Borrowed, as a Spec is.
struct Target {
    std::string_view machine_key;  ///< key of the machine's instance
    std::string_view address;      ///< host name or IP address
    std::uint32_t port = 0;        ///< 0: the plugin's default
    std::string_view user;
    std::string_view credential;   ///< reference for Host::secret()
};

/// A worker that runs as a service on a machine. Borrowed, as a Spec is.
struct ServiceSpec {
    std::string_view key;       ///< idempotency key, to be stored with the service instance
    std::string_view service;   ///< name of the job or unit
    std::string_view instance;  ///< name of this instance of it, or empty
    std::string_view tool;      ///< opaque text of the core, to be stored and given back
    std::uint64_t hash = 0;     ///< to be stored and given back
    std::vector<Variable> env;
};

/// What the provider says about an instance. The defaults mean "unknown".
struct Instance {
    std::string key, id, name, tool, address;
    std::uint32_t state = ELS_ST_UNKNOWN;
    std::string error;                ///< why it failed or stopped
    els_code error_code = ELS_OK;
    std::int32_t exit_code = -1;      ///< 128 + n: ended by signal n
    std::uint32_t vcpus = 0;
    std::uint64_t memory_bytes = 0;
    std::uint64_t spec_hash = 0;
    double load1 = std::numeric_limits<double>::quiet_NaN();
    double load5 = std::numeric_limits<double>::quiet_NaN();
    double load15 = std::numeric_limits<double>::quiet_NaN();
    std::int64_t created_unix_ms = 0;
    std::int64_t state_since_unix_ms = 0;
    std::string detail;               ///< JSON object, or empty
};

/// Gives one instance to the core, which copies it. Throws when the core wants no more: let it pass.
using Emit = std::function<void(const Instance&)>;

/// A hint that something happened to an instance. One that is lost costs time, nothing else.
struct Event {
    std::uint32_t kind = ELS_EV_CHANGED;
    std::string id, key;      ///< one of them may be empty
    std::string cursor;       ///< where a later watch goes on
    std::string detail;       ///< JSON object, or empty
    std::int64_t unix_ms = 0;
};

/// Gives one event to the core, which copies it. Any thread. Throws when the core wants no more.
using EmitEvent = std::function<void(const Event&)>;

/// One thing wrong with a config or a spec.
struct Finding {
    std::string_view severity;  ///< "error" or "warning"
    std::string_view path;      ///< JSON pointer
    std::string_view message;
};
using Report = std::function<void(const Finding&)>;

/// Who the plugin is: `static constexpr Info info`.
struct Info {
    const char* id;       ///< "org.elasticity.noop": the same for ever
    const char* version;  ///< semantic version of the plugin
    const char* title;
    const char* vendor;
    const char* url;
    std::uint32_t flags;       ///< ELS_PF_*
    unsigned max_concurrency;  ///< calls that may run at once
};

}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
