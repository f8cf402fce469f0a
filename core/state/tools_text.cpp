#include "core/state/tools_text.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/intake/check_tool.hpp"
#include "core/model/json_text.hpp"
#include "core/schemas/embedded.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

/// What an entry holds beside the fields of a deploy message.
constexpr std::array<std::string_view, 5> bookkeeping{"target", "request_id", "generation", "paused", "removing"};

const Schema& file_schema() {
    static const Schema schema = Schema::compile(parse_json(schemas::tools_file).value().as_object()).value();
    return schema;
}

std::string_view to_text(DeleteQueue choice) {
    switch (choice) {
        case DeleteQueue::never: return "never";
        case DeleteQueue::if_empty: return "if_empty";
        case DeleteQueue::always: return "always";
    }
    __builtin_unreachable();
}

json::object to_json(const ToolEntry& entry) {
    json::object object{{"target", entry.key.target}, {"tool", entry.key.tool}};
    std::vector<std::string> names;
    for (const auto& member : entry.fields) names.emplace_back(member.key());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) object[name] = entry.fields.at(name);
    if (entry.paused) object["paused"] = true;
    if (entry.removal)
        object["removing"] = {{"delete_queue", to_text(entry.removal->delete_queue)}, {"force", entry.removal->force}};
    object["request_id"] = entry.request_id;
    object["generation"] = entry.generation;
    return object;
}

std::string indented(std::string_view text, std::string_view margin) {
    std::string result(margin);
    for (const char c : text) {
        result += c;
        if (c == '\n') result += margin;
    }
    return result;
}

/// Reads the bookkeeping of one entry; the rest is checked as a tool.
class EntryReader {
public:
    EntryReader(const json::object& object, const std::string& pointer, Findings& findings)
        : object_(object), pointer_(pointer), findings_(findings) {}

    std::string target_id(const TargetTable& targets, Author author) {
        const json::value* given = object_.if_contains("target");
        if (!given || !given->is_string()) {
            add("target", "must be the URL of a target, known: " + targets.known());
            return {};
        }
        const auto address = parse_target_url(std::string_view(given->get_string()));
        const Target* target = address ? targets.find(*address) : nullptr;
        if (!address) add("target", address.error().message);
        else if (!target && author == Author::person)
            add("target", "is not a target of this module; known: " + targets.known());
        if (!target && address) return to_url(*address);
        return target ? target->id() : std::string();
    }

    void read(ToolEntry& entry) {
        if (const json::value* id = expect("request_id", json::kind::string)) entry.request_id = id->get_string();
        if (const json::value* paused = expect("paused", json::kind::bool_)) entry.paused = paused->get_bool();
        if (const json::value* number = expect("generation", json::kind::int64))
            entry.generation = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number->get_int64()));
        if (const json::value* removing = expect("removing", json::kind::object)) entry.removal = read_removal(removing->get_object());
    }

private:
    void add(std::string_view field, std::string message) {
        findings_.push_back({"invalid_field", pointer_to(pointer_, field), std::move(message)});
    }

    const json::value* expect(std::string_view field, json::kind kind) {
        const json::value* value = object_.if_contains(field);
        if (!value || value->kind() == kind) return value;
        add(field, "must be " + std::string(json::to_string(kind)) + ", got " + std::string(json::to_string(value->kind())));
        return nullptr;
    }

    std::optional<Removal> read_removal(const json::object& removing) {
        Removal removal;
        for (const auto& member : removing)
            if (member.key() != "delete_queue" && member.key() != "force")
                add("removing", "unknown field " + std::string(member.key()) + ". Allowed: delete_queue, force");
        const json::value* delete_queue = removing.if_contains("delete_queue");
        const json::value* force = removing.if_contains("force");
        if (delete_queue && *delete_queue == "if_empty") removal.delete_queue = DeleteQueue::if_empty;
        else if (delete_queue && *delete_queue == "always") removal.delete_queue = DeleteQueue::always;
        else if (delete_queue && *delete_queue != "never") add("removing", "delete_queue must be never, if_empty or always");
        if (force && force->is_bool()) removal.force = force->get_bool();
        else if (force) add("removing", "force must be true or false");
        return removal;
    }

    const json::object& object_;
    const std::string& pointer_;
    Findings& findings_;
};

json::object tool_fields(const json::object& object) {
    json::object fields = object;
    for (const std::string_view name : bookkeeping) fields.erase(name);
    return fields;
}

/// The fields that every kind has, whatever a plugin adds.
const Schema& lenient_tool_schema() {
    static const Schema schema = [] {
        json::object document = parse_json(schemas::tool).value().as_object();
        document.erase("additionalProperties");
        document.at("properties").at("scaling") = parse_json(schemas::scaling).value();
        return Schema::compile(std::move(document)).value();
    }();
    return schema;
}

CheckedTool read_own_tool(const json::object& fields, const std::string& target, const std::string& pointer) {
    CheckedTool own;
    own.name = tool_name(fields);
    own.findings = lenient_tool_schema().check(fields, pointer);
    const json::value* scaling = own.findings.empty() ? fields.if_contains("scaling") : nullptr;
    if (const auto policy = parse_scaling(scaling ? scaling->as_object() : json::object()); !policy)
        own.findings.push_back({"invalid_field", pointer_to(pointer, "scaling"), policy.error().message});
    if (own.name.empty()) own.findings.push_back({"missing_field", pointer_to(pointer, "tool"), "is missing"});
    own.entry.key = {target, own.name};
    own.entry.fields = fields;
    own.entry.fields.erase("tool");
    return own;
}

void read_entry(const json::object& object, const std::string& pointer, const IntakeContext& context, Author author,
                ParsedTools& parsed) {
    Findings& findings = parsed.findings;
    EntryReader reader(object, pointer, findings);
    const std::string target = reader.target_id(context.targets, author);
    CheckedTool checked = author == Author::person ? check_tool(tool_fields(object), target, context, pointer)
                                                   : read_own_tool(tool_fields(object), target, pointer);
    findings.insert(findings.end(), checked.findings.begin(), checked.findings.end());
    reader.read(checked.entry);
    if (!findings.empty()) return;
    const ToolKey key = checked.entry.key;
    if (parsed.state.find(key))
        return findings.push_back({"repeated_tool", pointer, key.tool + " stands more than once for this target"});
    const std::string queue = queue_of(checked.entry);
    if (const ToolKey* owner = parsed.state.queue_owner(key.target, queue))
        return findings.push_back({"queue_in_use", pointer, "queue " + queue + " already belongs to tool " + owner->tool});
    parsed.state.put(std::move(checked.entry));
}

}  // namespace

std::string entry_text(const ToolEntry& entry) {
    std::string text = to_pretty_json(to_json(entry));
    text.pop_back();  // the final line break
    return indented(text, "    ");
}

std::string to_text(const DesiredState& state) {
    std::size_t size = 4096;
    for (const auto& tool : state.tools()) size += tool->text.size() + 2;
    for (const std::string& id : state.recent_requests) size += id.size() + 8;
    std::string text;
    text.reserve(size);
    text += "{\n  \"generation\": " + std::to_string(state.generation) + ",\n  \"tools\": [";
    const char* separator = "\n";
    for (const auto& tool : state.tools()) {
        text += separator;
        text += tool->text;
        separator = ",\n";
    }
    text += state.tools().empty() ? "],\n" : "\n  ],\n";
    text += "  \"recent_requests\": [";
    separator = "\n";
    for (const std::string& id : state.recent_requests) {
        text += separator;
        text += "    " + json::serialize(json::string(id));
        separator = ",\n";
    }
    text += state.recent_requests.empty() ? "]\n}\n" : "\n  ]\n}\n";
    return text;
}

ParsedTools parse_tools(std::string_view text, const IntakeContext& context, Author author) {
    ParsedTools parsed;
    const auto document = parse_json(text, JsonDialect::with_notes);
    if (!document) {
        parsed.findings = {{"invalid_json", "", document.error().message}};
        return parsed;
    }
    parsed.findings = file_schema().check(*document);
    if (parsed.findings.empty()) {
        const json::object& object = document->get_object();
        parsed.state.generation = object.at("generation").to_number<std::uint64_t>();
        if (const json::value* recent = object.if_contains("recent_requests"))
            for (const json::value& id : recent->as_array()) parsed.state.recent_requests.emplace_back(id.as_string());
        std::size_t index = 0;
        for (const json::value& tool : object.at("tools").as_array())
            read_entry(tool.as_object(), pointer_to("/tools", index++), context, author, parsed);
    }
    add_positions(parsed.findings, text);
    return parsed;
}

std::optional<std::uint64_t> generation_of(std::string_view text) {
    const auto document = parse_json(text, JsonDialect::with_notes);
    if (!document || !document->is_object()) return std::nullopt;
    const json::value* generation = document->get_object().if_contains("generation");
    if (!generation || !generation->is_int64() || generation->get_int64() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(generation->get_int64());
}

}  // namespace elasticity
