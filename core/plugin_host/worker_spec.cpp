#include "core/plugin_host/worker_spec.hpp"

#include <boost/json.hpp>

#include "core/daemon/secrets.hpp"

namespace elasticity {
namespace {

/// The login that workers get: that of their backend, else the default, else none at all. Never the module's own.
Result<std::string> worker_uri(const TargetSettings& target, const std::string& backend) {
    auto reference = target.worker_uri.find(backend);
    if (reference == target.worker_uri.end()) reference = target.worker_uri.find("default");
    if (reference == target.worker_uri.end()) return target.target.id();
    auto uri = resolve_secret(reference->second.json);
    if (!uri) return within("worker_uri of target " + target.target.name, uri.error());
    return uri;
}

}  // namespace

Result<sdk::HostSpec> make_worker_spec(const WorkerOrder& order, const std::string& backend, const Settings& settings) {
    const Tool& tool = order.tool;
    const TargetSettings* target = settings.find_target_by_id(tool.key.target);
    if (!target) return Error{ErrorKind::invalid, tool.key.target + " is no target of the settings"};
    const auto uri = worker_uri(*target, backend);
    if (!uri) return uri.error();

    sdk::HostSpec spec;
    spec.key = spec.name = order.key;
    spec.tool = to_label(tool.key);
    spec.pool = target->target.name;
    spec.service = tool.extractors.front();
    spec.params = boost::json::serialize(tool.params);
    spec.hash = tool.spec_hash;
    spec.env = {{"RABBITMQ_URI", *uri, true},
                {"RABBITMQ_VHOST", target->target.amqp.virtual_host, false},
                {"RABBITMQ_EXCHANGE", target->exchange, false},
                {"RABBITMQ_QUEUE", tool.queue, false}};
    for (const EnvironmentVariable& variable : tool.environment) {
        if (!variable.is_secret_name) {
            spec.env.push_back({variable.name, variable.value, false});
            continue;
        }
        const auto reference = settings.secrets.find(variable.value);
        if (reference == settings.secrets.end())
            return Error{ErrorKind::invalid, "secret " + variable.value + " is not in the settings"};
        auto value = resolve_secret(reference->second.json);
        if (!value) return within("secret " + variable.value, value.error());
        spec.env.push_back({variable.name, std::move(*value), true});
    }
    return spec;
}

}  // namespace elasticity
