#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/finding.hpp"
#include "core/model/target.hpp"
#include "core/model/time.hpp"

namespace elasticity {

/// Where a secret is: {"file": PATH}, {"env": NAME} or {"command": [..]}, as JSON text. Not the secret itself.
struct SecretReference {
    std::string json;
};

struct TlsSettings {
    std::string ca_file;  ///< empty: the system's
    std::string cert_file;
    std::string key_file;
    bool verify = true;
};

struct TargetSettings {
    Target target;
    std::string username = "guest";
    std::optional<SecretReference> password;
    std::map<std::string, SecretReference> worker_uri;  ///< by backend, or "default"
    std::string exchange;
    std::optional<TlsSettings> tls;
};

enum class Isolation { process, in_process };

struct BackendSettings {
    std::string name;
    std::string plugin;
    std::optional<std::uint32_t> max_instances;
    std::optional<std::uint32_t> concurrency;
    Isolation isolation = Isolation::process;
    std::uint64_t plugin_memory_bytes = 1073741824;  ///< of its process
    boost::json::object config;  ///< what the plugin gets, before it is checked against its schema
};

struct DeploySettings {
    std::string target;  ///< name
    std::string queue = "elasticity-deploy";
    std::string status_queue = "elasticity-deploy-status";
    std::size_t message_max_bytes = 1048576;
    std::size_t tools_max = 200;
};

struct PluginUpgradeSettings {
    Millis drain_timeout{960'000};   ///< for calls that the old generation has taken
    Millis rollback_window{60'000};  ///< for which the old generation is kept
};

enum class LogFormat { text, json };
enum class LogLevel { debug, info, warning, error };

struct LogSettings {
    LogFormat format = LogFormat::text;
    LogLevel level = LogLevel::info;
};

/// elasticity.json (contract, section 4), with every default filled in but those that depend on the machine.
struct Settings {
    std::string name;  ///< empty: the host's
    std::string state_dir = "/var/lib/elasticity";
    std::string plugin_dir;  ///< empty: beside the binary
    std::vector<TargetSettings> targets;
    DeploySettings deploy;
    std::optional<std::vector<std::string>> allowed_images;
    boost::json::object registries;
    std::map<std::string, SecretReference> secrets;
    std::map<std::string, BackendSettings> backends;
    std::map<std::string, std::vector<std::string>> placement;
    std::vector<std::string> unmanaged_queues;
    boost::json::object scaling_defaults;
    Millis reading_interval{1'000};
    Millis list_interval{15'000};
    Millis management_interval{5'000};
    std::uint64_t journal_max_bytes = 268435456;
    std::size_t history_generations = 50;
    PluginUpgradeSettings plugin_upgrade;
    LogSettings log;

    const TargetSettings* find_target(std::string_view target_name) const;
    const TargetSettings* find_target_by_id(std::string_view id) const;
    TargetTable target_table() const;
};

struct ParsedSettings {
    Settings settings;
    Findings errors;  ///< with "LINE:COLUMN: POINTER: " in their messages; none: the settings may be used
    Findings warnings;
};

/// Reads the operator's settings: every error at once.
ParsedSettings parse_settings(std::string_view text);

}  // namespace elasticity
