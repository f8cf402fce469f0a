#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <numeric>

#include "core/model/json_text.hpp"
#include "core/model/schema.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::size_t quoted_max = 60;

std::string member_text(const json::object& schema, std::string_view key) {
    const json::value* value = schema.if_contains(key);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// The value itself only when it is a plain one: a structure may hold a password that is in the wrong place.
std::string quoted(const json::value& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array";
    std::string text = json::serialize(value);
    if (text.size() > quoted_max) {
        text.resize(quoted_max);
        // Do not leave half of a UTF-8 sequence behind.
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
        if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
        text += "...";
    }
    return text;
}

bool has_type(const json::value& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    return value.is_number();
}

std::string with_article(std::string_view type) {
    if (type == "null") return "null";
    const bool vowel = type.starts_with('a') || type.starts_with('i') || type.starts_with('o');
    return (vowel ? "an " : "a ") + std::string(type);
}

std::string range_text(const json::object& schema, std::string_view low, std::string_view high) {
    const json::value* from = schema.if_contains(low);
    const json::value* to = schema.if_contains(high);
    if (from && to) return json::serialize(*from) + " to " + json::serialize(*to);
    if (from) return "at least " + json::serialize(*from);
    if (to) return "at most " + json::serialize(*to);
    return {};
}

/// "an integer 0 to 10000", "one of a, b, c".
std::string wanted(const json::object& schema) {
    if (const json::value* choices = schema.if_contains("enum"); choices && choices->is_array()) {
        std::string text = "one of ";
        for (const json::value& choice : choices->get_array())
            text += (text.back() == ' ' ? "" : ", ") + json::serialize(choice);
        return text;
    }
    if (schema.contains("anyOf")) return member_text(schema, "description");
    const std::string type = member_text(schema, "type");
    std::string text = type.empty() ? "a value" : with_article(type);
    if (const std::string range = range_text(schema, "minimum", "maximum"); !range.empty()) text += " " + range;
    if (const std::string range = range_text(schema, "minLength", "maxLength"); !range.empty())
        text += " of " + range + " characters";
    if (const std::string range = range_text(schema, "minItems", "maxItems"); !range.empty())
        text += " of " + range + " items";
    return text;
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool below(const json::value& limit_value, double actual) { return actual < limit_value.to_number<double>(); }
bool above(const json::value& limit_value, double actual) { return actual > limit_value.to_number<double>(); }

bool outside(const json::object& schema, std::string_view low, std::string_view high, double actual) {
    const json::value* from = schema.if_contains(low);
    const json::value* to = schema.if_contains(high);
    return (from && below(*from, actual)) || (to && above(*to, actual));
}

bool in_enum(const json::object& schema, const json::value& value) {
    const json::value* choices = schema.if_contains("enum");
    if (!choices || !choices->is_array()) return true;
    const json::array& array = choices->get_array();
    return std::find(array.begin(), array.end(), value) != array.end();
}

/// Type, choice and range of the node itself; "" when they fit.
std::string misfit(const json::object& schema, const json::value& value) {
    const std::string type = member_text(schema, "type");
    const std::string must_be = "must be " + wanted(schema);
    if ((!type.empty() && !has_type(value, type)) || !in_enum(schema, value))
        return must_be + ", got " + quoted(value);
    if (value.is_number() && outside(schema, "minimum", "maximum", value.to_number<double>()))
        return must_be + ", got " + quoted(value);
    if (value.is_string()) {
        const std::size_t length = code_points(std::string_view(value.get_string()));
        if (outside(schema, "minLength", "maxLength", static_cast<double>(length)))
            return must_be + ", got " + std::to_string(length) + " characters";
    }
    if (value.is_array() &&
        outside(schema, "minItems", "maxItems", static_cast<double>(value.get_array().size())))
        return must_be + ", got " + std::to_string(value.get_array().size()) + " items";
    return {};
}

std::vector<std::string> property_names(const json::object& schema) {
    std::vector<std::string> names;
    if (const json::value* properties = schema.if_contains("properties"); properties && properties->is_object())
        for (const auto& member : properties->get_object()) names.emplace_back(member.key());
    std::sort(names.begin(), names.end());
    return names;
}

std::string joined(const std::vector<std::string>& names) {
    return std::accumulate(names.begin(), names.end(), std::string(), [](std::string all, const std::string& name) {
        return std::move(all) + (all.empty() ? "" : ", ") + name;
    });
}

Finding unknown_field(const std::string& name, const std::vector<std::string>& allowed, const std::string& pointer) {
    const std::string near = nearest_name(name, allowed);
    const std::string text = near.empty() ? "unknown field." : "unknown field; did you mean " + near + "?";
    const std::string choice = allowed.empty() ? " None is allowed here" : " Allowed: " + joined(allowed);
    return {"unknown_field", pointer_to(pointer, name), text + choice};
}

/// The schema of one property; an empty one when none is declared.
const json::object& property_schema(const json::object& schema, std::string_view name) {
    static const json::object anything;
    const json::value* properties = schema.if_contains("properties");
    const json::value* property = properties && properties->is_object() ? properties->get_object().if_contains(name) : nullptr;
    return property && property->is_object() ? property->get_object() : anything;
}

Findings explain_members(const json::object& schema, const json::object& value, const std::string& pointer) {
    Findings findings;
    const std::vector<std::string> allowed = property_names(schema);
    if (const json::value* required = schema.if_contains("required"); required && required->is_array()) {
        for (const json::value& name : required->get_array()) {
            if (value.contains(name.as_string())) continue;
            findings.push_back({"missing_field", pointer_to(pointer, std::string_view(name.as_string())),
                                "is missing; must be " + wanted(property_schema(schema, name.as_string()))});
        }
    }
    const json::value* additional = schema.if_contains("additionalProperties");
    if (additional && additional->is_bool() && !additional->get_bool())
        for (const auto& member : value)
            if (findings.size() < findings_max &&
                !std::binary_search(allowed.begin(), allowed.end(), std::string(member.key())))
                findings.push_back(unknown_field(std::string(member.key()), allowed, pointer));
    return findings;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

/// The only alternative of a union whose type the value has, or nullptr.
const json::object* alternative_for(const json::object& schema, const json::value& value) {
    const json::value* choices = schema.if_contains("anyOf");
    if (!choices || !choices->is_array()) return nullptr;
    const json::object* found = nullptr;
    for (const json::value& choice : choices->get_array()) {
        if (!choice.is_object() || !has_type(value, member_text(choice.get_object(), "type"))) continue;
        if (found) return nullptr;
        found = &choice.get_object();
    }
    return found;
}

/// A structure is explained by the alternative that it was meant to be; a plain value by the union as a whole.
Findings explain_union(const json::object& schema, const json::value& value, const std::string& pointer) {
    const json::object* alternative = value.is_object() ? alternative_for(schema, value) : nullptr;
    Findings findings;
    if (alternative) {
        findings = explain_node(*alternative, value, pointer);
        for (const auto& member : value.get_object()) {
            const Findings inside = explain_node(property_schema(*alternative, member.key()), member.value(),
                                                 pointer_to(pointer, std::string_view(member.key())));
            findings.insert(findings.end(), inside.begin(), inside.end());
        }
    }
    if (findings.empty()) findings = {{"invalid_field", pointer, "must be " + wanted(schema) + ", got " + quoted(value)}};
    return findings;
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
    constexpr std::size_t name_max = 64;
    if (name.size() > name_max) return {};
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

Findings explain_node(const json::object& schema, const json::value& value, const std::string& pointer) {
    if (schema.contains("anyOf")) return explain_union(schema, value, pointer);
    if (const std::string text = misfit(schema, value); !text.empty())
        return {{"invalid_field", pointer, text}};
    if (const json::object* members = value.if_object()) return explain_members(schema, *members, pointer);
    return {};
}

}  // namespace elasticity
