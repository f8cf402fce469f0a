#include "core/cli/request.hpp"

#include <boost/json.hpp>

#include "core/intake/check_tool.hpp"
#include "core/model/json_text.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

Error wrong_at(const std::string& file, std::string_view text, const std::string& pointer,
               std::string message) {
    Findings findings{{"invalid_field", pointer, std::move(message)}};
    add_positions(findings, text);
    return {ErrorKind::invalid, file + ":" + findings.front().message};
}

/// The names under which the module will answer; what is no tool at all is answered for the message.
std::vector<std::string> names_of_tools(const json::object& message) {
    std::vector<std::string> names;
    const json::value* tools = message.if_contains("tools");
    if (!tools || !tools->is_array()) return names;
    for (const json::value& tool : tools->get_array())
        names.push_back(tool.is_object() ? tool_name(tool.get_object()) : std::string());
    return names;
}

}  // namespace

Result<Request> read_request(const std::string& file, std::string_view text, const std::string& fresh_id) {
    auto parsed = parse_json(text);
    if (!parsed) return Error{ErrorKind::invalid, file + ":" + parsed.error().message};
    if (!parsed->is_object()) return wrong_at(file, text, "", "must be an object, a deploy message");
    json::object& message = parsed->get_object();
    const json::value* id = message.if_contains("request_id");
    if (id && !id->is_string()) return wrong_at(file, text, "/request_id", "must be a string");
    std::vector<std::string> tools = names_of_tools(message);
    if (id) return Request{std::string(id->get_string()), std::string(text), std::move(tools)};
    message["request_id"] = fresh_id;
    return Request{fresh_id, json::serialize(message), std::move(tools)};
}

Request make_request(const ToolArguments& arguments, const std::string& target_url,
                     const std::string& fresh_id) {
    json::object tool{{"tool", arguments.tool}};
    if (arguments.delete_queue) tool["delete_queue"] = *arguments.delete_queue;
    if (arguments.force) tool["force"] = true;
    const json::object message{{"schema", "elasticity/deploy/v1"},
                               {"request_id", fresh_id},
                               {"action", to_text(arguments.action)},
                               {"target", target_url},
                               {"tools", json::array{tool}}};
    return {fresh_id, json::serialize(message), {arguments.tool}};
}

}  // namespace elasticity::cli
