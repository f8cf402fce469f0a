// The two JSON Schemas of the description.
#include <boost/json/parse.hpp>
#include <set>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

namespace json = boost::json;

json::value description_value(const Subject& subject) {
    boost::system::error_code error;
    json::value description = json::parse(description_of(load_plugin(subject)), error);
    require(!error, "describe gives no JSON: " + error.message());
    return description;
}

/// Calls `visit` with each schema inside `schema`, and with where it stands.
template <class Visit>
void walk(const json::value& schema, const std::string& where, const Visit& visit) {
    if (!schema.is_object()) return;
    visit(schema.get_object(), where);
    const json::object& object = schema.get_object();
    for (const char* name : {"items", "additionalProperties"})
        if (const json::value* inner = object.if_contains(name)) walk(*inner, where + "/" + name, visit);
    const json::value* properties = object.if_contains("properties");
    if (properties == nullptr || !properties->is_object()) return;
    for (const auto& [name, property] : properties->get_object())
        walk(property, where + "/properties/" + std::string(name), visit);
}

template <class Visit>
void walk_both(const Subject& subject, const Visit& visit) {
    const json::value description = description_value(subject);
    for (const char* name : {"config_schema", "spec_schema"}) {
        boost::system::error_code error;
        const json::value* schema = description.find_pointer(std::string("/") + name, error);
        require(schema != nullptr && schema->is_object(), std::string("describe lacks ") + name);
        walk(*schema, std::string("/") + name, visit);
    }
}

void are_supported(const Subject& subject) {
    static const std::set<std::string> known{"$id",
                                             "$schema",
                                             "title",
                                             "description",
                                             "type",
                                             "properties",
                                             "required",
                                             "additionalProperties",
                                             "enum",
                                             "const",
                                             "minimum",
                                             "maximum",
                                             "exclusiveMinimum",
                                             "exclusiveMaximum",
                                             "minLength",
                                             "maxLength",
                                             "items",
                                             "minItems",
                                             "maxItems",
                                             "uniqueItems",
                                             "default",
                                             "examples",
                                             "deprecated",
                                             "writeOnly",
                                             "format",
                                             "minProperties",
                                             "maxProperties"};
    std::string unknown;
    walk_both(subject, [&](const json::object& schema, const std::string& where) {
        require(!schema.contains("pattern") && !schema.contains("patternProperties"),
                where + ": no core evaluates `pattern`, since expressions can exhaust its stack");
        for (const auto& [keyword, value] : schema)
            if (!known.contains(std::string(keyword))) unknown += " " + where + "/" + std::string(keyword);
    });
    if (!unknown.empty()) warn("keywords that a core may not know:" + unknown);
}

void refuse_unknown_fields(const Subject& subject) {
    const json::value description = description_value(subject);
    for (const char* name : {"config_schema", "spec_schema"}) {
        boost::system::error_code error;
        const json::value* more =
            description.find_pointer(std::string("/") + name + "/additionalProperties", error);
        if (more == nullptr || *more != json::value(false))
            warn(std::string(name) + ": a mistyped field passes without \"additionalProperties\": false");
    }
}

void are_documented(const Subject& subject) {
    std::string missing;
    walk_both(subject, [&](const json::object& schema, const std::string& where) {
        if (where.find("/properties/") == where.npos || where.ends_with("/items")) return;
        if (!schema.contains("type") && !schema.contains("enum") && !schema.contains("const"))
            missing += " " + where + "/type";
        if (!schema.contains("description") && !where.ends_with("/additionalProperties"))
            missing += " " + where + "/description";
    });
    if (!missing.empty()) warn("operators will miss:" + missing);
}

}  // namespace

std::vector<Check> schema_checks() {
    return {
        {"schema.is_supported", "The schemas use keywords that the core evaluates, and no pattern",
         are_supported},
        {"schema.refuses_unknown_fields", "A mistyped field of config or params is refused",
         refuse_unknown_fields},
        {"schema.is_documented", "Every field of config and params has a type and a description",
         are_documented},
    };
}

}  // namespace elasticity::check
