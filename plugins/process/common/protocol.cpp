#include "plugins/process/common/protocol.hpp"

#include <cstdio>

namespace elasticity::process {
namespace {

constexpr std::string_view reply_mark = "result=";

std::string text_of(const ResourceLimit& limit) {
    return std::to_string(limit.resource) + ":" + std::to_string(limit.soft) + ":" +
           std::to_string(limit.hard);
}

ResourceLimit to_limit(const std::string& text) {
    ResourceLimit limit;
    unsigned long long soft = 0, hard = 0;
    std::sscanf(text.c_str(), "%d:%llu:%llu", &limit.resource, &soft, &hard);
    limit.soft = soft;
    limit.hard = hard;
    return limit;
}

std::string_view text_of(Reply::Result result) {
    switch (result) {
        case Reply::Result::started: return "started";
        case Reply::Result::known: return "known";
        case Reply::Result::failed: return "failed";
        case Reply::Result::none: return "none";
    }
    __builtin_unreachable();
}

Reply::Result result_of(std::string_view text) {
    if (text == "started") return Reply::Result::started;
    return text == "known" ? Reply::Result::known : Reply::Result::failed;
}

}  // namespace

Fields to_fields(const Request& request) {
    Fields fields = to_fields(request.worker);
    fields.add("supervise_only", request.supervise_only ? 1 : 0);
    fields.add("run_dir", request.run_dir);
    fields.add("log_bytes_max", static_cast<long long>(request.log_bytes_max));
    fields.add("log_files_max", static_cast<long long>(request.log_files_max));
    fields.add("program", request.program);
    fields.add("working_directory", request.working_directory);
    for (const std::string& argument : request.arguments) fields.add("argument", argument);
    for (const std::string& variable : request.environment) fields.add("variable", variable);
    for (const ResourceLimit& limit : request.limits) fields.add("limit", text_of(limit));
    fields.add("change_user", request.change_user ? 1 : 0);
    fields.add("user", static_cast<long long>(request.user));
    fields.add("group", static_cast<long long>(request.group));
    for (const gid_t group : request.groups) fields.add("groups", static_cast<long long>(group));
    return fields;
}

Request to_request(const Fields& fields) {
    Request request;
    if (auto worker = to_record(fields)) request.worker = std::move(*worker);
    request.supervise_only = fields.number("supervise_only") != 0;
    request.run_dir = fields.get("run_dir");
    request.log_bytes_max = static_cast<std::uint64_t>(fields.number("log_bytes_max"));
    request.log_files_max = static_cast<unsigned>(fields.number("log_files_max", 1));
    request.program = fields.get("program");
    request.working_directory = fields.get("working_directory");
    request.arguments = fields.all("argument");
    request.environment = fields.all("variable");
    for (const std::string& limit : fields.all("limit")) request.limits.push_back(to_limit(limit));
    request.change_user = fields.number("change_user") != 0;
    request.user = static_cast<uid_t>(fields.number("user"));
    request.group = static_cast<gid_t>(fields.number("group"));
    for (const std::string& group : fields.all("groups"))
        request.groups.push_back(static_cast<gid_t>(std::strtoul(group.c_str(), nullptr, 10)));
    return request;
}

std::string to_text(const Reply& reply) {
    Fields fields;
    fields.add("result", text_of(reply.result));
    fields.add("step", reply.step);
    fields.add("error_number", reply.error_number);
    return fields.text();
}

Reply to_reply(std::string text) {
    Reply reply;
    if (!std::string_view(text).starts_with(reply_mark)) {
        reply.text = std::move(text);
        return reply;
    }
    const Fields fields(std::move(text));
    reply.result = result_of(fields.get("result"));
    reply.step = fields.get("step");
    reply.error_number = static_cast<int>(fields.number("error_number"));
    return reply;
}

}  // namespace elasticity::process
