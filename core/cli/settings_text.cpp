#include "core/cli/settings_text.hpp"

#include <unistd.h>

#include <array>
#include <boost/json.hpp>

#include "core/model/json_text.hpp"
#include "core/plugin_host/plugin_folder.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

json::value reference(const SecretReference& secret) {
    return parse_json(secret.json).value();
}

json::object references(const std::map<std::string, SecretReference>& secrets) {
    json::object object;
    for (const auto& [name, secret] : secrets) object[name] = reference(secret);
    return object;
}

json::array texts(const std::vector<std::string>& values) {
    return json::array(values.begin(), values.end());
}

/// Whole seconds stay whole, as they were written.
json::value seconds(Millis duration) {
    if (duration.count() % 1000 == 0) return duration.count() / 1000;
    return static_cast<double>(duration.count()) / 1000;
}

json::object to_json(const TlsSettings& tls) {
    json::object object{{"verify", tls.verify}};
    if (!tls.ca_file.empty()) object["ca_file"] = tls.ca_file;
    if (!tls.cert_file.empty()) object["cert_file"] = tls.cert_file;
    if (!tls.key_file.empty()) object["key_file"] = tls.key_file;
    return object;
}

json::object to_json(const TargetSettings& target) {
    // The virtual host has a field of its own, which needs no escapes.
    const auto without_virtual_host = [](TargetAddress address) {
        address.virtual_host = "/";
        return to_url(address);
    };
    json::object object{{"amqp", without_virtual_host(target.target.amqp)}};
    if (target.target.management) object["management"] = without_virtual_host(*target.target.management);
    object["virtual_host"] = target.target.amqp.virtual_host;
    object["username"] = target.username;
    if (target.password) object["password"] = reference(*target.password);
    if (!target.worker_uri.empty()) object["worker_uri"] = references(target.worker_uri);
    if (!target.exchange.empty()) object["exchange"] = target.exchange;
    if (target.tls) object["tls"] = to_json(*target.tls);
    return object;
}

json::object to_json(const DeploySettings& deploy) {
    return {{"target", deploy.target},
            {"queue", deploy.queue},
            {"status_queue", deploy.status_queue},
            {"message_max_bytes", deploy.message_max_bytes},
            {"tools_max", deploy.tools_max}};
}

json::object to_json(const BackendSettings& backend) {
    json::object object{{"plugin", backend.plugin}};
    if (backend.max_instances) object["max_instances"] = *backend.max_instances;
    if (backend.concurrency) object["concurrency"] = *backend.concurrency;
    object["isolation"] = backend.isolation == Isolation::in_process ? "in_process" : "process";
    object["plugin_memory_bytes"] = backend.plugin_memory_bytes;
    for (const auto& member : backend.config) object.insert(member);
    return object;
}

json::object to_json(const LogSettings& log) {
    std::string_view level;
    switch (log.level) {
        case LogLevel::debug:
            level = "debug";
            break;
        case LogLevel::info:
            level = "info";
            break;
        case LogLevel::warning:
            level = "warning";
            break;
        case LogLevel::error:
            level = "error";
            break;
    }
    return {{"format", log.format == LogFormat::json ? "json" : "text"}, {"level", level}};
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

template <class Map>
json::object members(const Map& map) {
    json::object object;
    for (const auto& [name, value] : map) object[name] = to_json(value);
    return object;
}

}  // namespace

json::object to_json(const Settings& settings) {
    json::object targets;
    for (const TargetSettings& target : settings.targets) targets[target.target.name] = to_json(target);
    json::object placement;
    for (const auto& [kind, backends] : settings.placement) placement[kind] = texts(backends);
    json::object scaling = settings.scaling_defaults;
    scaling["interval_s"] = seconds(settings.reading_interval);
    json::object object{{"name", settings.name.empty() ? host_name() : settings.name},
                        {"state_dir", settings.state_dir},
                        {"plugin_dir", plugin_folder(settings).string()},
                        {"targets", std::move(targets)},
                        {"deploy", to_json(settings.deploy)}};
    if (settings.allowed_images) object["allow"] = {{"images", texts(*settings.allowed_images)}};
    object["registries"] = settings.registries;
    object["secrets"] = references(settings.secrets);
    object["backends"] = members(settings.backends);
    object["placement"] = std::move(placement);
    object["unmanaged"] = {{"queues", texts(settings.unmanaged_queues)}};
    object["scaling"] = std::move(scaling);
    object["list_interval_s"] = seconds(settings.list_interval);
    object["management_interval_s"] = seconds(settings.management_interval);
    object["journal_max_bytes"] = settings.journal_max_bytes;
    object["history_generations"] = settings.history_generations;
    object["plugin_upgrade"] = {{"drain_timeout_s", seconds(settings.plugin_upgrade.drain_timeout)},
                                {"rollback_window_s", seconds(settings.plugin_upgrade.rollback_window)}};
    object["log"] = to_json(settings.log);
    return object;
}

}  // namespace elasticity::cli
