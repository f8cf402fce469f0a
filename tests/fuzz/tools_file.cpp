#include "core/state/merge.hpp"
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

void check(std::string_view input, Author author) {
    const ParsedTools parsed = parse_tools(input, context(), author);
    if (!parsed.findings.empty()) return;
    require(generation_of(input) == parsed.state.generation, "the generation is found without the rest");
    for (const auto& tool : parsed.state.tools()) make_tool(tool->entry, {});
    const std::string text = to_text(parsed.state);
    const ParsedTools again = parse_tools(text, context(), author);
    require(again.findings.empty(), "a file that was accepted is accepted as we write it");
    require(to_text(again.state) == text, "a file that we wrote is its own canonical form");
    const Merged merged = merge_hand_edit(parsed.state, again.state, parsed.state, 7);
    require(merged.conflicts.empty() && !merged.changed, "an edit that changes nothing changes nothing");
    const Merged added = merge_hand_edit({}, parsed.state, {}, 7);
    require(added.conflicts.empty(), "an edit of an empty file has nothing to conflict with");
}

}  // namespace

void fuzz_one(std::string_view input) {
    check(input, Author::person);
    check(input, Author::module);
}
