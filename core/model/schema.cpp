#include "core/model/schema.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <set>

// Without this valijson ends the process when a schema, such as that of a plugin, is not one.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "core/model/json_text.hpp"

namespace elasticity {
namespace json = boost::json;

struct Schema::Compiled {
    json::value document;
    valijson::Schema schema;
};

namespace {

using Path = std::vector<std::string>;

/// valijson writes "<root>", then "[token]" for each level.
Path path_of(const std::vector<std::string>& context) {
    Path path;
    for (const std::string& token : context)
        if (token.size() >= 2 && token.front() == '[') path.push_back(token.substr(1, token.size() - 2));
    return path;
}

struct Node {
    const json::object* schema;
    const json::value* value;
    std::string pointer;
};

const json::object* child_schema(const json::object& schema, const json::value& value, const std::string& token) {
    const auto object_at = [](const json::object& parent, std::string_view key) -> const json::object* {
        const json::value* child = parent.if_contains(key);
        return child ? child->if_object() : nullptr;
    };
    if (value.is_array()) return object_at(schema, "items");
    if (const json::object* properties = object_at(schema, "properties"))
        if (const json::object* found = object_at(*properties, token)) return found;
    return object_at(schema, "additionalProperties");
}

const json::value* child_value(const json::value& value, const std::string& token) {
    if (const json::object* object = value.if_object()) return object->if_contains(token);
    const json::array* array = value.if_array();
    std::size_t index = 0;
    if (!array || std::from_chars(token.data(), token.data() + token.size(), index).ec != std::errc()) return nullptr;
    return array->if_contains(index);
}

/// Follows a path through schema and value together; ends early at a union, which is explained as a whole.
Node descend(const json::object& schema, const json::value& value, const Path& path, std::string_view base) {
    Node node{&schema, &value, std::string(base)};
    for (const std::string& token : path) {
        if (node.schema->contains("anyOf")) break;
        const json::object* next_schema = child_schema(*node.schema, *node.value, token);
        const json::value* next_value = child_value(*node.value, token);
        if (!next_schema || !next_value) break;
        node = {next_schema, next_value, pointer_to(node.pointer, token)};
    }
    return node;
}

/// valijson reads whatever has a `format` as text, and throws where it is none. Formats are ours to check.
void erase_formats(json::value& schema) {
    if (json::array* array = schema.if_array())
        for (json::value& element : *array) erase_formats(element);
    json::object* object = schema.if_object();
    if (!object) return;
    const json::value* format = object->if_contains("format");  // else it is a property of that name
    if (format && format->is_string()) object->erase("format");
    for (auto& member : *object) erase_formats(member.value());
}

}  // namespace

Result<Schema> Schema::compile(json::object schema) {
    auto compiled = std::make_shared<Compiled>();
    compiled->document = std::move(schema);
    json::value without_formats = compiled->document;
    erase_formats(without_formats);
    try {
        valijson::SchemaParser parser;
        parser.populateSchema(valijson::adapters::BoostJsonAdapter(without_formats), compiled->schema);
    } catch (const std::exception& problem) {
        return Error{ErrorKind::invalid, std::string("not a usable JSON Schema: ") + problem.what()};
    }
    return Schema(std::move(compiled));
}

const json::object& Schema::document() const { return compiled_->document.as_object(); }

Findings Schema::check(const json::value& value, std::string_view base) const {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(compiled_->schema, valijson::adapters::BoostJsonAdapter(value), &results)) return {};

    std::set<std::string> explained;
    Findings findings;
    for (const auto& error : results) {
        const Node node = descend(document(), value, path_of(error.context), base);
        if (!explained.insert(node.pointer).second) continue;
        Findings here = explain_node(*node.schema, *node.value, node.pointer);
        findings.insert(findings.end(), here.begin(), here.end());
        if (findings.size() >= findings_max) break;
    }
    if (findings.size() > findings_max) findings.resize(findings_max);
    if (findings.empty() && results.numErrors() > 0)
        findings.push_back({"invalid_field", std::string(base), results.begin()->description});
    return findings;
}

}  // namespace elasticity
