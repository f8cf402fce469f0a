#include "core/daemon/settings.hpp"
#include "core/io/time_zones/time_zones.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "core/model/json_text.hpp"
#include "core/model/names.hpp"
#include "core/model/schema.hpp"
#include "core/model/tool.hpp"
#include "core/schemas/embedded.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

Schema compiled(std::string_view text) { return Schema::compile(parse_json(text).value().as_object()).value(); }

std::string text_at(const json::object& object, std::string_view name, std::string fallback = {}) {
    const json::value* value = object.if_contains(name);
    return value ? std::string(value->as_string()) : std::move(fallback);
}

template <class Number>
Number number_at(const json::object& object, std::string_view name, Number fallback) {
    const json::value* value = object.if_contains(name);
    return value ? value->to_number<Number>() : fallback;
}

Millis seconds_at(const json::object& object, std::string_view name, Millis fallback) {
    const json::value* value = object.if_contains(name);
    return value ? Millis(std::llround(value->to_number<double>() * 1000)) : fallback;
}

const json::object& object_at(const json::object& object, std::string_view name) {
    static const json::object none;
    const json::value* value = object.if_contains(name);
    return value ? value->as_object() : none;
}

std::vector<std::string> texts_at(const json::object& object, std::string_view name) {
    std::vector<std::string> texts;
    if (const json::value* value = object.if_contains(name))
        for (const json::value& text : value->as_array()) texts.emplace_back(text.as_string());
    return texts;
}

/// Reads a document that fits its schema; collects what the schema cannot say.
class Reader {
public:
    Reader(const json::object& document, ParsedSettings& parsed)
        : document_(document), parsed_(parsed), settings_(parsed.settings) {}

    void run() {
        settings_.name = text_at(document_, "name");
        settings_.state_dir = text_at(document_, "state_dir", settings_.state_dir);
        settings_.plugin_dir = text_at(document_, "plugin_dir");
        for (const auto& member : object_at(document_, "targets")) read_target(member);
        read_secrets();
        read_deploy();
        read_allow();
        for (const auto& member : object_at(document_, "backends")) read_backend(member);
        read_placement();
        read_scaling();
        read_intervals();
        read_log();
    }

private:
    void error(const std::string& pointer, std::string message) {
        parsed_.errors.push_back({"invalid_field", pointer, std::move(message)});
    }

    void check_name(const std::string& pointer, std::string_view name) {
        if (!is_plain_name(name)) error(pointer, "a name must be 1 to 63 letters, digits, '_', '.' or '-'");
    }

    /// {"file": PATH}, {"env": NAME} or {"command": [PROGRAM, ARGUMENT...]}
    SecretReference read_secret(const json::value& value, const std::string& pointer) {
        static const std::string wanted = "must be {\"file\": PATH}, {\"env\": NAME} or {\"command\": [PROGRAM, ...]}";
        const json::object* object = value.if_object();
        if (!object || object->size() != 1) {
            error(pointer, wanted);
            return {};
        }
        const auto& only = *object->begin();
        const bool text = (only.key() == "file" || only.key() == "env") && only.value().is_string() &&
                          !only.value().get_string().empty();
        const json::array* command = only.key() == "command" ? only.value().if_array() : nullptr;
        const bool words = command && !command->empty() &&
                           std::all_of(command->begin(), command->end(), [](const json::value& v) { return v.is_string(); });
        if (!text && !words) error(pointer, wanted);
        return {json::serialize(value)};
    }

    void read_target(const json::key_value_pair& member) {
        const json::object& fields = member.value().as_object();
        const std::string pointer = pointer_to("/targets", std::string_view(member.key()));
        TargetSettings target;
        target.target.name = member.key();
        check_name(pointer, target.target.name);
        const std::string virtual_host = text_at(fields, "virtual_host", "/");
        read_address(fields, "amqp", {"amqp", "amqps"}, virtual_host, pointer, target.target.amqp);
        if (fields.contains("management")) {
            target.target.management.emplace();
            read_address(fields, "management", {"http", "https"}, virtual_host, pointer, *target.target.management);
        }
        target.username = text_at(fields, "username", target.username);
        if (const json::value* password = fields.if_contains("password"))
            target.password = read_secret(*password, pointer_to(pointer, "password"));
        for (const auto& uri : object_at(fields, "worker_uri"))
            target.worker_uri[std::string(uri.key())] =
                read_secret(uri.value(), pointer_to(pointer_to(pointer, "worker_uri"), std::string_view(uri.key())));
        target.exchange = text_at(fields, "exchange");
        read_tls(fields, target, pointer);
        for (const TargetSettings& other : settings_.targets)
            if (other.target.amqp == target.target.amqp)
                error(pointer, "is the same virtual host as target " + other.target.name);
        settings_.targets.push_back(std::move(target));
    }

    void read_address(const json::object& fields, std::string_view name, std::initializer_list<std::string_view> protocols,
                      const std::string& virtual_host, const std::string& pointer, TargetAddress& into) {
        const auto address = parse_target_url(text_at(fields, name));
        if (!address) return error(pointer_to(pointer, name), address.error().message);
        if (std::find(protocols.begin(), protocols.end(), address->protocol) == protocols.end())
            return error(pointer_to(pointer, name), "must begin with " + std::string(*protocols.begin()) + ":// or " +
                                                        std::string(*(protocols.end() - 1)) + "://");
        if (address->virtual_host != "/" && address->virtual_host != virtual_host)
            return error(pointer_to(pointer, name), "names another virtual host than virtual_host");
        into = *address;
        into.virtual_host = virtual_host;
    }

    void read_tls(const json::object& fields, TargetSettings& target, const std::string& pointer) {
        if (target.target.amqp.protocol == "amqps") target.tls.emplace();
        const json::value* given = fields.if_contains("tls");
        if (!given) return;
        if (!target.tls && !(target.target.management && target.target.management->protocol == "https"))
            error(pointer_to(pointer, "tls"), "stands beside neither amqps:// nor https://");
        const json::object& tls = given->as_object();
        target.tls = TlsSettings{text_at(tls, "ca_file"), text_at(tls, "cert_file"), text_at(tls, "key_file"),
                                 !tls.contains("verify") || tls.at("verify").as_bool()};
        if (target.tls->cert_file.empty() != target.tls->key_file.empty())
            error(pointer_to(pointer, "tls"), "cert_file and key_file go together");
        if (!target.tls->verify)
            parsed_.warnings.push_back({"tls_not_verified", pointer_to(pointer, "tls"), "certificates are not verified"});
    }

    void read_secrets() {
        for (const auto& member : object_at(document_, "secrets"))
            settings_.secrets[std::string(member.key())] =
                read_secret(member.value(), pointer_to("/secrets", std::string_view(member.key())));
        settings_.registries = object_at(document_, "registries");
        for (const auto& member : settings_.registries)
            read_secret(member.value().at("password"),
                        pointer_to(pointer_to("/registries", std::string_view(member.key())), "password"));
    }

    void read_deploy() {
        const json::object& fields = object_at(document_, "deploy");
        DeploySettings& deploy = settings_.deploy;
        deploy.target = text_at(fields, "target");
        deploy.queue = text_at(fields, "queue", deploy.queue);
        deploy.status_queue = text_at(fields, "status_queue", deploy.status_queue);
        deploy.message_max_bytes = number_at(fields, "message_max_bytes", deploy.message_max_bytes);
        deploy.tools_max = number_at(fields, "tools_max", deploy.tools_max);
        if (!settings_.find_target(deploy.target))
            error("/deploy/target", "'" + deploy.target + "' is not among the targets; known: " + target_names());
    }

    std::string target_names() const {
        std::string names;
        for (const TargetSettings& target : settings_.targets) names += (names.empty() ? "" : ", ") + target.target.name;
        return names.empty() ? "none" : names;
    }

    void read_allow() {
        const json::object& allow = object_at(document_, "allow");
        if (allow.contains("images")) settings_.allowed_images = texts_at(allow, "images");
        else parsed_.warnings.push_back({"all_images_allowed", "/allow/images", "is absent: every image may be deployed"});
        settings_.unmanaged_queues = texts_at(object_at(document_, "unmanaged"), "queues");
    }

    void read_backend(const json::key_value_pair& member) {
        const json::object& fields = member.value().as_object();
        BackendSettings backend;
        backend.name = member.key();
        check_name(pointer_to("/backends", backend.name), backend.name);
        backend.plugin = text_at(fields, "plugin");
        check_name(pointer_to(pointer_to("/backends", backend.name), "plugin"), backend.plugin);
        if (fields.contains("max_instances")) backend.max_instances = fields.at("max_instances").to_number<std::uint32_t>();
        if (fields.contains("concurrency")) backend.concurrency = fields.at("concurrency").to_number<std::uint32_t>();
        if (fields.contains("isolation") && fields.at("isolation").as_string() == "in_process")
            backend.isolation = Isolation::in_process;
        if (fields.contains("plugin_memory_bytes"))
            backend.plugin_memory_bytes = fields.at("plugin_memory_bytes").to_number<std::uint64_t>();
        backend.config = fields;
        for (const char* ours : {"plugin", "max_instances", "concurrency", "isolation", "plugin_memory_bytes"})
            backend.config.erase(ours);
        settings_.backends.emplace(backend.name, std::move(backend));
    }

    void read_placement() {
        for (const auto& member : object_at(document_, "placement")) {
            const std::string pointer = pointer_to("/placement", std::string_view(member.key()));
            std::vector<std::string>& backends = settings_.placement[std::string(member.key())];
            for (const json::value& name : member.value().as_array()) {
                if (!settings_.backends.contains(std::string(name.as_string())))
                    error(pointer_to(pointer, backends.size()), "'" + std::string(name.as_string()) + "' is not among the backends");
                backends.emplace_back(name.as_string());
            }
        }
    }

    void check_time_zones(const std::vector<ScheduleEntry>& schedule) {
        for (std::size_t i = 0; i < schedule.size(); ++i)
            if (!find_time_zone(schedule[i].timezone))
                error(pointer_to("/scaling/schedule", i) + "/timezone",
                      "'" + schedule[i].timezone + "' is not known here; wanted: a name such as America/Chicago");
    }

    void read_scaling() {
        json::object scaling = object_at(document_, "scaling");
        if (const json::value* interval = scaling.if_contains("interval_s")) {
            const double seconds = interval->is_number() ? interval->to_number<double>() : 0;
            if (seconds < 0.1 || seconds > 3600) error("/scaling/interval_s", "must be a number 0.1 to 3600");
            else settings_.reading_interval = Millis(std::llround(seconds * 1000));
            scaling.erase("interval_s");
        }
        Findings findings = compiled(schemas::scaling).check(scaling, "/scaling");
        parsed_.errors.insert(parsed_.errors.end(), findings.begin(), findings.end());
        if (!findings.empty()) return;
        const auto policy = parse_scaling(scaling);
        if (!policy) error("/scaling", policy.error().message);
        else check_time_zones(policy->schedule);
        settings_.scaling_defaults = std::move(scaling);
    }

    void read_intervals() {
        settings_.list_interval = seconds_at(document_, "list_interval_s", settings_.list_interval);
        settings_.management_interval = seconds_at(document_, "management_interval_s", settings_.management_interval);
        settings_.journal_max_bytes = number_at(document_, "journal_max_bytes", settings_.journal_max_bytes);
        settings_.history_generations = number_at(document_, "history_generations", settings_.history_generations);
        const json::object& upgrade = object_at(document_, "plugin_upgrade");
        PluginUpgradeSettings& times = settings_.plugin_upgrade;
        times.drain_timeout = seconds_at(upgrade, "drain_timeout_s", times.drain_timeout);
        times.rollback_window = seconds_at(upgrade, "rollback_window_s", times.rollback_window);
    }

    void read_log() {
        const json::object& log = object_at(document_, "log");
        if (text_at(log, "format") == "json") settings_.log.format = LogFormat::json;
        const std::string level = text_at(log, "level", "info");
        if (level == "debug") settings_.log.level = LogLevel::debug;
        if (level == "warning") settings_.log.level = LogLevel::warning;
        if (level == "error") settings_.log.level = LogLevel::error;
    }

    const json::object& document_;
    ParsedSettings& parsed_;
    Settings& settings_;
};

}  // namespace

const TargetSettings* Settings::find_target(std::string_view target_name) const {
    const auto hit = std::find_if(targets.begin(), targets.end(),
                                  [&](const TargetSettings& each) { return each.target.name == target_name; });
    return hit == targets.end() ? nullptr : &*hit;
}

const TargetSettings* Settings::find_target_by_id(std::string_view id) const {
    const auto hit = std::find_if(targets.begin(), targets.end(),
                                  [&](const TargetSettings& each) { return each.target.id() == id; });
    return hit == targets.end() ? nullptr : &*hit;
}

TargetTable Settings::target_table() const {
    std::vector<Target> all;
    for (const TargetSettings& each : targets) all.push_back(each.target);
    return TargetTable(std::move(all));
}

ParsedSettings parse_settings(std::string_view text) {
    ParsedSettings parsed;
    const auto document = parse_json(text, JsonDialect::with_notes);
    if (!document) {
        parsed.errors = {{"invalid_json", "", document.error().message}};
        return parsed;
    }
    parsed.errors = compiled(schemas::settings).check(*document);
    if (parsed.errors.empty()) Reader(document->get_object(), parsed).run();
    add_positions(parsed.errors, text);
    add_positions(parsed.warnings, text);
    return parsed;
}

}  // namespace elasticity
