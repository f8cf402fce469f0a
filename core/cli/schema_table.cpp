#include "core/cli/schema_table.hpp"

#include <boost/json.hpp>

#include "core/cli/json_fields.hpp"
#include "core/cli/terminal.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

constexpr int depth_max = 8;
using Rows = std::vector<std::vector<std::string>>;

std::string value_at(const json::object& schema, std::string_view name) {
    const json::value* value = schema.if_contains(name);
    return value ? json::serialize(*value) : std::string();
}

std::string range_of(const json::object& schema, std::string_view low, std::string_view high) {
    const std::string from = value_at(schema, low), to = value_at(schema, high);
    if (!from.empty() && !to.empty()) return " " + from + " to " + to;
    if (!from.empty()) return " from " + from;
    return to.empty() ? to : " to " + to;
}

/// "integer from 0", "string: a, b or c", "array of string".
std::string kind_of(const json::object& schema) {
    std::string text = text_at(schema, "type");
    if (text.empty()) text = schema.contains("anyOf") ? "one of several" : "any";
    const std::string items = text_at(object_at(schema, "items"), "type");
    if (!items.empty()) text += " of " + items;
    std::string choices;
    for (const json::value& choice : array_at(schema, "enum"))
        choices += (choices.empty() ? ": " : ", ") +
                   (choice.is_string() ? std::string(choice.get_string()) : json::serialize(choice));
    return text + choices + range_of(schema, "minimum", "maximum");
}

bool requires_field(const json::object& schema, std::string_view name) {
    for (const json::value& each : array_at(schema, "required"))
        if (each.is_string() && std::string_view(each.get_string()) == name) return true;
    return false;
}

void add_fields(const json::object& schema, const std::string& prefix, int depth, Rows& rows);

/// What an object, the items of an array, or the values of a map hold.
void add_inner_fields(const json::object& schema, const std::string& path, int depth, Rows& rows) {
    add_fields(schema, path + ".", depth, rows);
    add_fields(object_at(schema, "items"), path + "[].", depth, rows);
    add_fields(object_at(schema, "additionalProperties"), path + ".*.", depth, rows);
}

void add_fields(const json::object& schema, const std::string& prefix, int depth, Rows& rows) {
    if (depth == depth_max) return;
    for (const auto& property : object_at(schema, "properties")) {
        if (!property.value().is_object()) continue;
        const json::object& field = property.value().get_object();
        const std::string path = prefix + std::string(property.key());
        std::string fallback = value_at(field, "default");
        if (requires_field(schema, property.key())) fallback = "required";
        rows.push_back({printable(path), printable(kind_of(field)), printable(fallback),
                        printable(text_at(field, "description"))});
        add_inner_fields(field, path, depth + 1, rows);
    }
}

std::string escaped(const std::string& cell) {
    std::string text;
    for (const char c : cell) text += c == '|' ? std::string("\\|") : std::string(1, c);
    return text;
}

}  // namespace

Rows schema_rows(const json::object& schema) {
    Rows rows;
    add_fields(schema, "", 0, rows);
    return rows;
}

std::string to_markdown(const Rows& rows) {
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        text += "|";
        for (const std::string& cell : rows[i]) text += cell.empty() ? " |" : " " + escaped(cell) + " |";
        text += "\n";
        if (i > 0) continue;
        for (std::size_t column = 0; column < rows[i].size(); ++column) text += "|---";
        text += "|\n";
    }
    return text;
}

}  // namespace elasticity::cli
