#include "core/cli/status_text.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <vector>

#include "core/cli/json_fields.hpp"
#include "core/cli/terminal.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string shown(const json::object& object, std::string_view name) {
    return printable(text_at(object, name));
}

std::string header(const json::object& status) {
    std::string text = shown(status, "module") + ": version " + shown(status, "version") + ", generation " +
                       number_at(status, "generation") + ", install id " + shown(status, "install_id") + "\n";
    if (const std::string held = shown(status, "held"); !held.empty()) text += "held: " + held + "\n";
    if (const std::string trouble = shown(status, "journal_trouble"); !trouble.empty())
        text += "journal: " + trouble + "\n";
    return text;
}

/// "broker prod http://host:15672/prod: listener connected, reader connected"
std::string brokers(const json::object& status) {
    std::string text;
    for_each_object(array_at(status, "brokers"), [&](const json::object& broker) {
        text += "broker " + shown(broker, "target") + " " + shown(broker, "url");
        std::string separator = ": ";
        for (const char* part : {"listener", "publisher", "reader", "management"}) {
            const std::string state = shown(broker, part);
            if (state.empty()) continue;
            text += separator + part + " " + state;
            separator = ", ";
        }
        text += "\n";
    });
    return text;
}

std::size_t running_count(const json::object& tool) {
    std::size_t count = 0;
    for_each_object(array_at(tool, "instances"), [&](const json::object& instance) {
        if (text_at(instance, "state") == "running") ++count;
    });
    return count;
}

/// "2/3 (1-20)": running, wanted, and the limits of what may be wanted.
std::string instances_cell(const json::object& tool) {
    return std::to_string(running_count(tool)) + "/" + number_at(tool, "target_instances") + " (" +
           number_at(tool, "min_instances") + "-" + number_at(tool, "max_instances") + ")";
}

/// "12+3": waiting and unacknowledged messages.
std::string backlog_cell(const json::object& tool) {
    const json::object& reading = object_at(tool, "reading");
    const std::string state = text_at(reading, "state");
    if (state == "no_queue") return "no queue";
    if (state != "value") return "unknown";
    const std::string unacknowledged = number_at(reading, "unacknowledged");
    return number_at(reading, "ready") + (unacknowledged == "-" ? "" : "+" + unacknowledged);
}

std::string why_cell(const json::object& tool) {
    std::string why = shown(tool, "reason");
    const std::string reading = shown(object_at(tool, "reading"), "reason");
    if (!reading.empty() && why.find(reading) == std::string::npos)
        why += (why.empty() ? "" : "; ") + reading;
    return why;
}

bool has_several_targets(const json::array& tools) {
    std::set<std::string> targets;
    for_each_object(tools, [&](const json::object& tool) { targets.insert(text_at(tool, "target")); });
    return targets.size() > 1;
}

std::string tools_table(const json::object& status, std::size_t columns) {
    const json::array& tools = array_at(status, "tools");
    if (tools.empty()) return "no tools\n";
    const bool with_target = has_several_targets(tools);
    Rows rows{{"TOOL", "STATE", "INSTANCES", "BACKLOG", "WHY"}};
    if (with_target) rows[0].insert(rows[0].begin() + 1, "TARGET");
    for_each_object(tools, [&](const json::object& tool) {
        rows.push_back({shown(tool, "tool"), shown(tool, "state"), instances_cell(tool), backlog_cell(tool),
                        why_cell(tool)});
        if (with_target) rows.back().insert(rows.back().begin() + 1, shown(tool, "target"));
    });
    return to_table(rows, columns);
}

std::vector<std::string> worker_row(const json::object& worker) {
    return {shown(worker, "key"),     shown(worker, "backend"), shown(worker, "state"),
            shown(worker, "created"), shown(worker, "id"),      shown(worker, "error")};
}

std::string instances_table(const json::object& status, std::size_t columns) {
    Rows rows{{"INSTANCE", "BACKEND", "STATE", "CREATED", "ID", "ERROR"}};
    for_each_object(array_at(status, "tools"), [&](const json::object& tool) {
        for_each_object(array_at(tool, "instances"),
                        [&](const json::object& instance) { rows.push_back(worker_row(instance)); });
    });
    return rows.size() == 1 ? "" : "\n" + to_table(rows, columns);
}

constexpr std::size_t shown_hash_digits = 16;

/// A line for one that did not go through, or that is under way.
std::string last_upgrade(const json::object& upgrade) {
    const std::string outcome = shown(upgrade, "outcome");
    if (upgrade.empty() || outcome == "replaced" || outcome == "unchanged") return {};
    std::string text = "  upgrade to " + shown(upgrade, "file");
    if (!outcome.empty()) return text + " " + outcome + ": " + shown(upgrade, "reason") + "\n";
    const json::array& steps = array_at(upgrade, "steps");
    if (steps.empty() || !steps.back().is_object()) return text + " waits\n";
    return text + " " + shown(steps.back().get_object(), "phase") + ": " + shown(steps.back().get_object(), "text") + "\n";
}

std::string backends_in_trouble(const json::object& status) {
    std::string text;
    for_each_object(array_at(status, "backends"), [&](const json::object& backend) {
        const json::value* listed = backend.if_contains("listed");
        const bool is_unlisted = listed && listed->is_bool() && !listed->get_bool();
        std::string trouble = shown(backend, "trouble");
        if (trouble.empty() && is_unlisted) trouble = "has not been listed yet";
        if (!trouble.empty()) text += "backend " + shown(backend, "backend") + ": " + trouble + "\n";
    });
    return text;
}

/// "backend local-docker: org.elasticity.docker 1.2.0, generation 3, sha256 5f0c1d2e3a4b5c6d, serving"
std::string plugins(const json::object& status) {
    std::string text;
    for_each_object(array_at(status, "backends"), [&](const json::object& backend) {
        const json::object& plugin = object_at(backend, "plugin");
        if (shown(plugin, "id").empty()) return;
        text += "backend " + shown(backend, "backend") + ": " + shown(plugin, "id") + " " + shown(plugin, "version") +
                ", generation " + number_at(plugin, "generation") + ", sha256 " +
                shown(plugin, "sha256").substr(0, shown_hash_digits) + ", " + shown(plugin, "state");
        if (const std::string beside = number_at(plugin, "beside"); beside != "-") text += ", beside generation " + beside;
        text += "\n" + last_upgrade(object_at(plugin, "last_upgrade"));
    });
    return text;
}

/// Workers that no tool wants: nobody's, or those of a tool that is not in tools.json.
std::string strays(const json::object& status, std::size_t columns) {
    Rows rows{{"STRAY", "BACKEND", "STATE", "TOOL"}};
    const auto add = [&](const json::object& worker, const std::string& backend) {
        rows.push_back({shown(worker, "key"), backend, shown(worker, "state"), shown(worker, "tool")});
    };
    for_each_object(array_at(status, "backends"), [&](const json::object& backend) {
        for_each_object(array_at(backend, "strays"),
                        [&](const json::object& worker) { add(worker, shown(backend, "backend")); });
    });
    for_each_object(array_at(status, "workers_of_unknown_tools"),
                    [&](const json::object& worker) { add(worker, shown(worker, "backend")); });
    return rows.size() == 1 ? "" : "\n" + to_table(rows, columns);
}

}  // namespace

void keep_tools(json::object& status, const std::string& tool, const std::string& target_url) {
    json::value* tools = status.if_contains("tools");
    if (!tools || !tools->is_array()) return;
    json::array kept;
    for_each_object(tools->get_array(), [&](const json::object& each) {
        const bool is_tool = tool.empty() || text_at(each, "tool") == tool;
        const bool is_target = target_url.empty() || text_at(each, "target") == target_url;
        if (is_tool && is_target) kept.push_back(each);
    });
    *tools = std::move(kept);
}

std::string to_text(const json::object& status, bool with_instances, std::size_t columns) {
    std::string text =
        header(status) + brokers(status) + plugins(status) + backends_in_trouble(status) + "\n" + tools_table(status, columns);
    if (with_instances) return text + instances_table(status, columns);
    return text + strays(status, columns);
}

}  // namespace elasticity::cli
