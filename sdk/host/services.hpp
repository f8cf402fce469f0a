#pragma once
#include <elasticity/sdk/abi.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sdk/host/error.hpp"

namespace elasticity::sdk {

/// A line that a plugin logged; texts are valid UTF-8.
struct HostLogLine {
    std::uint32_t level = ELS_LOG_INFO;
    std::string message;
    std::vector<std::pair<std::string, std::string>> fields;
};

/// What the core gives one backend. The functions are called from any thread, several at once, and must not
/// throw.
struct HostOptions {
    std::string core_version;
    std::string backend_name;
    std::string owner;
    std::string state_dir;  ///< empty: none
    std::uint32_t log_level = ELS_LOG_INFO;
    std::function<void(const HostLogLine&)> log;
    /// Value of a secret reference, read anew at every call. Its error must not hold the secret.
    std::function<HostResult<std::string>(std::string_view reference)> secret;
};

/// The els_host of one backend. Stays where it is: plugins keep its address.
class HostServices {
public:
    explicit HostServices(HostOptions options);
    HostServices(const HostServices&) = delete;
    HostServices& operator=(const HostServices&) = delete;

    const HostOptions& options() const { return options_; }
    const els_host* get() const { return &host_; }

    /// A line of the host itself, to where the plugin's lines go.
    void log(std::uint32_t level, std::string message) const;

private:
    static void log_line(const els_host* host, std::uint32_t level, els_view message, const els_kv* fields,
                         std::size_t field_count) noexcept;
    static const void* query(const els_host* host, const char* interface_id) noexcept;
    static els_code resolve(const els_host* host, els_view ref, els_sink* value, els_error* error) noexcept;

    HostOptions options_;
    els_host host_{};
    els_host_secrets_v1 secrets_{};
};

}  // namespace elasticity::sdk
