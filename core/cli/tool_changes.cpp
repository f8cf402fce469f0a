#include "core/cli/tool_changes.hpp"

#include <boost/json.hpp>
#include <set>

#include "core/cli/terminal.hpp"
#include "core/model/json_text.hpp"
#include "core/state/tools_text.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

/// The entry as it stands in tools.json, without its identity and bookkeeping.
json::object wish_of(const HeldTool& tool) {
    json::object wish = parse_json(tool.text).value().as_object();
    for (const char* name : {"target", "tool", "request_id", "generation"}) wish.erase(name);
    return wish;
}

json::value member(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value ? *value : json::value(nullptr);
}

std::vector<FieldChange> changed_fields(const HeldTool& before, const HeldTool& after) {
    const json::object old_wish = wish_of(before);
    const json::object new_wish = wish_of(after);
    std::set<std::string> names;
    for (const json::object* wish : {&old_wish, &new_wish})
        for (const auto& field : *wish) names.emplace(field.key());
    std::vector<FieldChange> changes;
    for (const std::string& name : names) {
        FieldChange change{name, member(old_wish, name), member(new_wish, name)};
        if (change.before != change.after) changes.push_back(std::move(change));
    }
    return changes;
}

std::string_view to_text(ToolChange::Kind kind) {
    switch (kind) {
        case ToolChange::Kind::added:
            return "added";
        case ToolChange::Kind::removed:
            return "removed";
        case ToolChange::Kind::changed:
            return "changed";
    }
    __builtin_unreachable();
}

char mark_of(ToolChange::Kind kind) {
    switch (kind) {
        case ToolChange::Kind::added:
            return '+';
        case ToolChange::Kind::removed:
            return '-';
        case ToolChange::Kind::changed:
            return '~';
    }
    __builtin_unreachable();
}

std::string value_text(const json::value& value) {
    return value.is_null() ? "(left out)" : json::serialize(value);
}

}  // namespace

std::vector<ToolChange> changes_between(const DesiredState& before, const DesiredState& after) {
    std::vector<ToolChange> changes;
    for (const auto& tool : before.tools())
        if (!after.find(tool->entry.key)) changes.push_back({tool->entry.key, ToolChange::Kind::removed, {}});
    for (const auto& tool : after.tools()) {
        const ToolKey& key = tool->entry.key;
        const HeldTool* old_tool = before.find(key);
        if (!old_tool) {
            changes.push_back({key, ToolChange::Kind::added, {}});
            continue;
        }
        std::vector<FieldChange> fields = changed_fields(*old_tool, *tool);
        if (!fields.empty()) changes.push_back({key, ToolChange::Kind::changed, std::move(fields)});
    }
    return changes;
}

std::string to_text(const std::vector<ToolChange>& changes) {
    std::string text;
    for (const ToolChange& change : changes) {
        text += std::string(1, mark_of(change.kind)) + " " + printable(change.key.tool) + " on " +
                printable(change.key.target);
        std::string separator = ": ";
        for (const FieldChange& field : change.fields) {
            text += separator + printable(field.field) + " " + value_text(field.before) + " -> " +
                    value_text(field.after);
            separator = ", ";
        }
        text += "\n";
    }
    return text;
}

json::array to_json(const std::vector<ToolChange>& changes) {
    json::array array;
    for (const ToolChange& change : changes) {
        json::array fields;
        for (const FieldChange& field : change.fields)
            fields.push_back({{"field", field.field}, {"before", field.before}, {"after", field.after}});
        array.push_back({{"tool", change.key.tool},
                         {"target", change.key.target},
                         {"change", to_text(change.kind)},
                         {"fields", std::move(fields)}});
    }
    return array;
}

}  // namespace elasticity::cli
