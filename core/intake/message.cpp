#include "core/intake/message.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "core/intake/check_tool.hpp"
#include "core/model/json_text.hpp"
#include "core/model/names.hpp"
#include "core/schemas/embedded.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::size_t request_id_max = 128;

const Schema& envelope_schema() {
    static const Schema schema = Schema::compile(parse_json(schemas::deploy_message).value().as_object()).value();
    return schema;
}

const Schema& reference_schema() {
    static const Schema schema = Schema::compile(parse_json(schemas::tool_reference).value().as_object()).value();
    return schema;
}

Finding whole(std::string code, std::string message) { return {std::move(code), "", std::move(message)}; }

std::string string_at(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Action action_of(const json::object& message) {
    const std::string text = string_at(message, "action");
    if (text == "remove") return Action::remove;
    if (text == "pause") return Action::pause;
    if (text == "resume") return Action::resume;
    if (text == "describe") return Action::describe;
    return Action::deploy;
}

Result<TargetAddress> target_address(const json::value& given) {
    if (const json::string* url = given.if_string()) return parse_target_url(std::string_view(*url));
    const json::object& parts = given.as_object();
    return make_target_address(string_at(parts, "protocol"), string_at(parts, "host"),
                               parts.at("port").to_number<std::uint16_t>(), string_at(parts, "virtual_host"));
}

/// The target that the message names, or why it cannot be taken.
const Target* find_target(const json::object& message, const IntakeContext& context,
                          const std::string& default_target, Findings& findings) {
    const json::value* given = message.if_contains("target");
    if (!given) {
        const Target* target = context.targets.find_by_id(default_target);
        if (!target) findings.push_back({"missing_field", "/target", "is missing; known: " + context.targets.known()});
        return target;
    }
    const auto address = target_address(*given);
    if (!address) {
        findings.push_back({"invalid_field", "/target", address.error().message});
        return nullptr;
    }
    const Target* target = context.targets.find(*address);
    if (!target)
        findings.push_back({"unknown_target", "/target",
                            to_url(*address) + " is not a target of this module; known: " + context.targets.known()});
    return target;
}

void read_reference(const json::object& fields, ToolCommand& command, std::string_view base) {
    command.name = string_at(fields, "tool");
    command.findings = reference_schema().check(fields, base);
    if (!command.findings.empty()) return;
    const std::string delete_queue = string_at(fields, "delete_queue");
    if (delete_queue == "if_empty") command.removal.delete_queue = DeleteQueue::if_empty;
    if (delete_queue == "always") command.removal.delete_queue = DeleteQueue::always;
    if (const json::value* force = fields.if_contains("force")) command.removal.force = force->as_bool();
}

ToolCommand read_tool(const json::object& fields, Action action, const std::string& target_id,
                      const IntakeContext& context, std::string_view base) {
    ToolCommand command;
    command.pointer = base;
    if (action == Action::deploy) {
        CheckedTool checked = check_tool(fields, target_id, context, base);
        command.name = std::move(checked.name);
        command.entry = std::move(checked.entry);
        command.findings = std::move(checked.findings);
    } else {
        read_reference(fields, command, base);
    }
    if (!command.findings.empty()) return command;
    command.key = {target_id, command.name};
    if (const json::value* revision = fields.if_contains("revision"))
        command.revision = revision->to_number<std::int64_t>();
    return command;
}

/// A tool that stands twice in a message has no one meaning; each of its places is refused.
void refuse_repeated(std::vector<ToolCommand>& tools) {
    std::map<std::string, std::size_t> places;
    for (const ToolCommand& tool : tools) ++places[tool.name];
    for (ToolCommand& tool : tools)
        if (!tool.name.empty() && places[tool.name] > 1)
            tool.findings.push_back({"repeated_tool", tool.pointer, tool.name + " stands more than once in the message"});
}

void read_tools(const json::object& document, const std::string& target_id, const IntakeContext& context,
                Message& message) {
    const json::array& tools = document.at("tools").as_array();
    if (tools.size() > context.tools_max) {
        message.rejection.push_back({"too_many_tools", "/tools",
                                     "must be at most " + std::to_string(context.tools_max) + " tools, got " +
                                         std::to_string(tools.size())});
        return;
    }
    for (std::size_t i = 0; i < tools.size(); ++i)
        message.tools.push_back(read_tool(tools[i].as_object(), message.action, target_id, context,
                                          pointer_to("/tools", i)));
    refuse_repeated(message.tools);
}

bool concern(const Findings& findings, std::string_view field) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
        return finding.pointer.empty() || finding.pointer == field ||
               finding.pointer.starts_with(std::string(field) + "/");
    });
}

/// A message that is refused as a whole is told what is wrong with its tools as well.
void reject_tools(Message& message) {
    for (const ToolCommand& tool : message.tools)
        message.rejection.insert(message.rejection.end(), tool.findings.begin(), tool.findings.end());
    if (message.rejection.size() > findings_max) message.rejection.resize(findings_max);
    message.tools.clear();
}

void read_request_id(const json::object& document, const Envelope& envelope, Message& message) {
    message.request_id = string_at(document, "request_id");
    if (message.request_id.empty()) message.request_id = envelope.message_id;
    if (message.request_id.size() > request_id_max ||
        (!message.request_id.empty() && !is_printable_name(message.request_id))) {
        message.rejection.push_back({"invalid_field", "/request_id", "must be 1 to 128 printable characters"});
        message.request_id.clear();
    }
}

}  // namespace

std::string_view to_text(Action action) {
    switch (action) {
        case Action::deploy: return "deploy";
        case Action::remove: return "remove";
        case Action::pause: return "pause";
        case Action::resume: return "resume";
        case Action::describe: return "describe";
    }
    __builtin_unreachable();
}

Message read_message(std::string_view body, const Envelope& envelope, const IntakeContext& context,
                     const std::string& default_target) {
    Message message;
    if (body.size() > context.message_bytes_max) {
        message.rejection = {whole("message_too_large", "must be at most " +
                                                            std::to_string(context.message_bytes_max) +
                                                            " bytes, got " + std::to_string(body.size()))};
        return message;
    }
    const auto parsed = parse_json(body);
    if (!parsed) {
        message.rejection = {whole("invalid_json", parsed.error().message)};
        return message;
    }
    if (!parsed->is_object()) {
        message.rejection = {whole("invalid_field", "must be an object")};
        return message;
    }
    const json::object& document = parsed->get_object();
    read_request_id(document, envelope, message);
    Findings& rejection = message.rejection;
    const Findings misfits = envelope_schema().check(*parsed);
    rejection.insert(rejection.end(), misfits.begin(), misfits.end());
    message.action = action_of(document);
    const Target* target = nullptr;
    if (!concern(misfits, "/target")) target = find_target(document, context, default_target, rejection);
    if (target) message.target_url = target->display_url();
    if (!concern(misfits, "/tools") && !concern(misfits, "/action"))
        read_tools(document, target ? target->id() : "", context, message);
    if (!rejection.empty()) reject_tools(message);
    return message;
}

}  // namespace elasticity
