#include "core/intake/context.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "core/model/json_text.hpp"
#include "core/model/tool.hpp"
#include "core/schemas/embedded.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

const json::object& properties_of(const json::object& schema) {
    static const json::object none;
    const json::value* properties = schema.if_contains("properties");
    return properties && properties->is_object() ? properties->get_object() : none;
}

bool is_image_field(const json::value& property) {
    const json::object* object = property.if_object();
    const json::value* format = object ? object->if_contains("format") : nullptr;
    return format && format->is_string() && std::string_view(format->get_string()) == "container-image";
}

/// The common schema with the plugin's fields beside the common ones and, for those who prefer, under
/// `options`.
Result<json::object> merged_schema(const json::object& spec_schema) {
    json::object merged = parse_json(schemas::tool).value().as_object();
    json::object& properties = merged.at("properties").as_object();
    json::object options = properties.at("options").as_object();
    options["additionalProperties"] = false;
    options["properties"] = properties_of(spec_schema);
    for (const auto& property : properties_of(spec_schema)) {
        if (is_common_tool_field(property.key()) || property.key() == "options")
            return Error{ErrorKind::invalid, "its spec schema declares '" + std::string(property.key()) +
                                                 "', which is a field of every tool"};
        properties[property.key()] = property.value();
    }
    properties["options"] = std::move(options);
    return merged;
}

Result<Kind> make_kind(const std::string& name, const std::vector<std::string>& backends,
                       const json::object& spec_schema) {
    auto merged = merged_schema(spec_schema);
    if (!merged) return merged.error();
    auto schema = Schema::compile(std::move(*merged));
    if (!schema) return schema.error();
    Kind kind{name, backends, *schema, {}, {}};
    if (const json::value* required = spec_schema.if_contains("required"); required && required->is_array())
        for (const json::value& field : required->get_array()) {
            const json::string* text = field.if_string();
            const json::value* property = text ? properties_of(spec_schema).if_contains(*text) : nullptr;
            if (!property || !property->is_object())
                return Error{ErrorKind::invalid, "its spec schema requires a field that it does not declare"};
            kind.required.emplace_back(*text);
        }
    for (const auto& property : properties_of(spec_schema))
        if (is_image_field(property.value())) kind.image_fields.emplace_back(property.key());
    return kind;
}

}  // namespace

Result<KindTable> KindTable::make(const std::map<std::string, std::vector<std::string>>& placement,
                                  const std::map<std::string, json::object>& spec_schemas) {
    KindTable table;
    for (const auto& [name, backends] : placement) {
        const auto with_schema = std::find_if(backends.begin(), backends.end(),
                                              [&](const auto& backend) { return spec_schemas.contains(backend); });
        if (with_schema == backends.end()) continue;
        auto kind = make_kind(name, backends, spec_schemas.at(*with_schema));
        if (!kind) return within("backend " + *with_schema, kind.error());
        table.kinds_.emplace(name, std::move(*kind));
    }
    return table;
}

const Kind* KindTable::find(std::string_view name) const {
    const auto hit = kinds_.find(name);
    return hit == kinds_.end() ? nullptr : &hit->second;
}

std::vector<std::string> KindTable::names() const {
    std::vector<std::string> names;
    for (const auto& [name, kind] : kinds_) names.push_back(name);
    return names;
}

bool matches_pattern(std::string_view text, std::string_view pattern) {
    std::size_t t = 0;
    std::size_t p = 0;
    std::size_t star = pattern.npos;
    std::size_t retry_from = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            retry_from = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++retry_from;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == pattern.npos;
}

}  // namespace elasticity
