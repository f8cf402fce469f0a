#include "core/plugin_host/backend_catalog.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "core/model/json_text.hpp"
#include "core/model/schema.hpp"
#include "core/plugin_host/loaded_plugin.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

Error broken(const std::string& message) { return {ErrorKind::invalid, message}; }

Result<json::object> object_member(const json::object& description, std::string_view name) {
    const json::value* value = description.if_contains(name);
    if (!value || !value->is_object()) return broken("its description has no object '" + std::string(name) + "'");
    return value->get_object();
}

/// The settings of the backend, with what the plugin asks for beyond them.
json::object config_for(const BackendSettings& backend, const Settings& settings, const json::object& config_schema) {
    json::object config = backend.config;
    const json::value* properties = config_schema.if_contains("properties");
    const bool wants_registries = properties && properties->is_object() && properties->get_object().contains("registries");
    if (wants_registries && !config.contains("registries") && !settings.registries.empty())
        config["registries"] = settings.registries;
    return config;
}

void add_plugin_findings(const std::string& json_lines, const std::string& base, Findings& findings) {
    std::size_t start = 0;
    while (start < json_lines.size()) {
        const std::size_t end = std::min(json_lines.find('\n', start), json_lines.size());
        const auto line = parse_json(std::string_view(json_lines).substr(start, end - start));
        start = end + 1;
        if (!line || !line->is_object()) continue;
        const json::object& finding = line->get_object();
        const auto text = [&](std::string_view name) {
            const json::value* value = finding.if_contains(name);
            return value && value->is_string() ? std::string(value->get_string()) : std::string();
        };
        if (text("severity") != "warning") findings.push_back({"invalid_field", base + text("path"), text("message")});
    }
}

/// From the plugin folder, or from a private copy.
Result<CatalogEntry> load_entry(const BackendSettings& backend, const Settings& settings,
                                const std::filesystem::path& plugin_dir, const StagePlugin& stage, Findings& findings) {
    const std::filesystem::path file = plugin_dir / (backend.plugin + ".so");
    if (!stage) return load_catalog_entry(backend, settings, file, findings);
    auto staged = stage(backend.name, file);
    if (!staged) return staged.error();
    if (!*staged) return load_catalog_entry(backend, settings, file, findings);
    auto entry = load_catalog_entry(backend, settings, (*staged)->file(), findings);
    if (!entry) return within(file.string(), entry.error());
    entry->staged = std::move(*staged);
    return entry;
}

}  // namespace

Result<CatalogEntry> load_catalog_entry(const BackendSettings& backend, const Settings& settings,
                                        const std::filesystem::path& file, Findings& findings) {
    const std::string base = pointer_to("/backends", backend.name);
    CatalogEntry entry;
    entry.file = file;
    const auto plugin = load_plugin(entry.file, backend);
    if (!plugin) return broken(plugin.error().message);
    const json::object& description = plugin->first().description;
    auto config_schema = object_member(description, "config_schema");
    if (!config_schema) return config_schema.error();
    auto spec_schema = object_member(description, "spec_schema");
    if (!spec_schema) return spec_schema.error();
    entry.plugin_id = plugin->first().id;
    entry.plugin_version = plugin->first().version;
    entry.spec_schema = std::move(*spec_schema);
    if (const json::value* limit = description.if_contains("max_concurrency"); limit && limit->is_int64())
        entry.max_concurrency = static_cast<unsigned>(std::clamp<std::int64_t>(limit->get_int64(), 1, 256));
    entry.config = config_for(backend, settings, *config_schema);
    const auto schema = Schema::compile(*config_schema);
    if (!schema) return within("its config schema", schema.error());
    Findings unfit = schema->check(entry.config, base);
    if (unfit.empty()) {
        const auto lines = plugin->check_config(json::serialize(entry.config));
        if (lines) add_plugin_findings(*lines, base, unfit);
        else unfit.push_back({"invalid_field", base, lines.error().message});
    }
    findings.insert(findings.end(), unfit.begin(), unfit.end());
    return entry;
}

BackendCatalog BackendCatalog::load(const Settings& settings, const std::filesystem::path& plugin_dir,
                                    const StagePlugin& stage) {
    BackendCatalog catalog;
    for (const auto& [name, backend] : settings.backends) {
        const std::size_t before = catalog.errors.size();
        auto entry = load_entry(backend, settings, plugin_dir, stage, catalog.errors);
        if (!entry)
            catalog.errors.push_back({"plugin_unusable", pointer_to(pointer_to("/backends", name), "plugin"), entry.error().message});
        else if (catalog.errors.size() == before)
            catalog.entries.emplace(name, std::move(*entry));
    }
    return catalog;
}

std::map<std::string, json::object> BackendCatalog::spec_schemas() const {
    std::map<std::string, json::object> schemas;
    for (const auto& [name, entry] : entries) schemas[name] = entry.spec_schema;
    return schemas;
}

Result<IntakeContext> make_intake_context(const Settings& settings, const BackendCatalog& catalog) {
    auto kinds = KindTable::make(settings.placement, catalog.spec_schemas());
    if (!kinds) return kinds.error();
    IntakeContext context;
    context.targets = settings.target_table();
    context.kinds = std::move(*kinds);
    context.allowed_images = settings.allowed_images;
    context.unmanaged_queues = settings.unmanaged_queues;
    for (const auto& [name, reference] : settings.secrets) context.secret_names.push_back(name);
    context.message_bytes_max = settings.deploy.message_max_bytes;
    context.tools_max = settings.deploy.tools_max;
    return context;
}

}  // namespace elasticity
