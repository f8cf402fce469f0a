#include "core/intake/message.hpp"
#include "core/state/apply.hpp"
#include "core/state/tools_text.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using elasticity::fuzz::require;

namespace {

const IntakeContext& context() {
    static const IntakeContext built = worlds::context();
    return built;
}

/// What a message did is what the file says: a daemon that starts anew reads the same state.
void check_file(const DesiredState& state) {
    const std::string text = to_text(state);
    const ParsedTools read = parse_tools(text, context(), Author::module);
    require(read.findings.empty(), "a file that we wrote is accepted by us");
    require(to_text(read.state) == text, "a file that we wrote is read as it was meant");
    const ParsedTools edited = parse_tools(text, context(), Author::person);
    require(edited.findings.empty(), "what a message may say, a person may write");
}

void check_repeat(DesiredState state, const Message& message) {
    const std::deque<std::string> requests = state.recent_requests;
    const std::string before = to_text(state);
    for (const Applied& applied : apply(state, message, "request-2", 3))
        require(applied.verdict != Verdict::accepted, "an equal request changes nothing");
    state.recent_requests = requests;  // That it came is remembered, and changes no tool.
    require(to_text(state) == before, "an equal request leaves the tools as they are");
}

/// Several entries may ask for one queue, or one tool twice: only the last outcome of each would repeat.
bool is_repeatable(const Message& message) { return message.tools.size() == 1; }

}  // namespace

void fuzz_one(std::string_view input) {
    const Message message = read_message(input, {"message-1"}, context(), worlds::prod);
    require(message.rejection.empty() || message.tools.empty(), "a refused message has no tools");
    require(!message.rejection.empty() || !message.tools.empty(), "an accepted message has tools");
    require(message.rejection.size() <= findings_max, "a report is bounded");
    DesiredState state;
    const auto outcome = apply(state, message, "request-1", 2);
    require(outcome.size() == message.tools.size(), "each tool has its outcome");
    for (const Applied& applied : outcome)
        require(applied.verdict != Verdict::rejected || !applied.findings.empty(), "a refusal has a reason");
    for (const auto& tool : state.tools()) make_tool(tool->entry, {});
    check_file(state);
    if (is_repeatable(message)) check_repeat(state, message);
}
