#include "core/cli/progress.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "core/cli/json_fields.hpp"
#include "core/cli/terminal.hpp"
#include "core/model/json_text.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

/// After these nothing more is to come, unless somebody changes something.
bool is_settled(const std::string& state) {
    static constexpr std::array<std::string_view, 7> states{"running",   "degraded", "failed", "rejected",
                                                            "unchanged", "paused",   "removed"};
    return std::find(states.begin(), states.end(), state) != states.end();
}

/// The place in the message's `tools` that a pointer such as /tools/3/image leads to.
std::optional<std::size_t> tool_index(std::string_view pointer) {
    constexpr std::string_view prefix = "/tools/";
    if (!pointer.starts_with(prefix)) return std::nullopt;
    pointer.remove_prefix(prefix.size());
    std::size_t index = 0;
    const char* const last = pointer.data() + pointer.size();
    const auto [end, failed] = std::from_chars(pointer.data(), last, index);
    if (failed != std::errc() || (end != last && *end != '/')) return std::nullopt;
    return index;
}

/// The one place in `tools` that all errors are about.
std::optional<std::size_t> common_index(const std::vector<std::string>& pointers) {
    std::optional<std::size_t> common;
    for (const std::string& pointer : pointers) {
        const auto index = tool_index(pointer);
        if (!index || (common && *common != *index)) return std::nullopt;
        common = index;
    }
    return common;
}

void read_errors(const json::object& document, Answer& answer) {
    for_each_object(array_at(document, "errors"), [&](const json::object& error) {
        const std::string pointer = text_at(error, "pointer");
        answer.error_pointers.push_back(pointer);
        answer.errors.push_back((pointer.empty() ? "" : pointer + ": ") + text_at(error, "message"));
    });
}

std::string_view result_text(ExitCode code) {
    switch (code) {
        case ExitCode::done:
            return "done";
        case ExitCode::rejected:
            return "rejected";
        case ExitCode::failed:
        case ExitCode::usage:
        case ExitCode::unreachable:
        case ExitCode::interrupted:
            return "failed";
    }
    __builtin_unreachable();
}

}  // namespace

Result<Answer> parse_answer(const std::string& body) {
    auto parsed = parse_json(body);
    if (!parsed || !parsed->is_object())
        return Error{ErrorKind::unavailable, "an answer is no status message"};
    Answer answer;
    answer.document = std::move(parsed->get_object());
    answer.tool = text_at(answer.document, "tool");
    answer.state = text_at(answer.document, "state");
    answer.reason = text_at(answer.document, "reason");
    if (answer.state.empty()) return Error{ErrorKind::unavailable, "an answer has no state"};
    read_errors(answer.document, answer);
    return answer;
}

std::string to_text(const Answer& answer) {
    const std::string who = answer.tool.empty() ? "message" : answer.tool;
    std::string text =
        printable(who) + "  " + printable(answer.state) + "  " + printable(answer.reason) + "\n";
    if (answer.state != "rejected") return text;  // the reasons of the other states tell their errors
    for (const std::string& error : answer.errors) text += "    " + printable(error) + "\n";
    return text;
}

Progress::Progress(std::vector<std::string> tools) {
    for (std::string& name : tools) tools_.push_back({std::move(name), std::nullopt});
    if (tools_.empty()) tools_.emplace_back();  // what has no tools is answered as a whole
}

/// A name that stands twice in the message is refused twice, so that one answer settles both.
std::vector<Progress::ToolProgress*> Progress::meant_by(const Answer& answer) {
    std::vector<ToolProgress*> meant;
    const auto index = answer.tool.empty() ? common_index(answer.error_pointers) : std::nullopt;
    const bool is_unnamed_tool = index && *index < tools_.size() && tools_[*index].name.empty();
    for (std::size_t i = 0; i < tools_.size(); ++i) {
        const bool by_name = !answer.tool.empty() && tools_[i].name == answer.tool;
        const bool by_place = is_unnamed_tool && i == *index;
        const bool as_whole = answer.tool.empty() && !is_unnamed_tool;
        if (by_name || by_place || as_whole) meant.push_back(&tools_[i]);
    }
    return meant;
}

void Progress::take(const Answer& answer) {
    for (ToolProgress* tool : meant_by(answer)) tool->last = answer;
}

std::size_t Progress::settled_count() const {
    return static_cast<std::size_t>(std::count_if(tools_.begin(), tools_.end(), [](const ToolProgress& tool) {
        return tool.last && is_settled(tool.last->state);
    }));
}

ExitCode Progress::exit_code() const {
    const auto any = [this](auto matches) { return std::any_of(tools_.begin(), tools_.end(), matches); };
    if (any([](const ToolProgress& tool) { return tool.last && tool.last->state == "rejected"; }))
        return ExitCode::rejected;
    const auto is_bad = [](const ToolProgress& tool) {
        return !tool.last || !is_settled(tool.last->state) || tool.last->state == "failed" ||
               tool.last->state == "degraded";
    };
    return any(is_bad) ? ExitCode::failed : ExitCode::done;
}

json::object Progress::to_json(const std::string& request_id) const {
    json::array tools;
    for (const ToolProgress& tool : tools_)
        if (tool.last)
            tools.push_back(tool.last->document);
        else
            tools.push_back({{"tool", tool.name}, {"state", nullptr}});
    return {{"request_id", request_id}, {"result", result_text(exit_code())}, {"tools", std::move(tools)}};
}

}  // namespace elasticity::cli
