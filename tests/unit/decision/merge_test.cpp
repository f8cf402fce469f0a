#include "core/state/merge.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

/// How one tool stands in one of the three states: absent, or with a number of instances, or on its way out.
using Standing = std::optional<int>;
constexpr int leaving = -1;

DesiredState with(Standing standing, std::uint64_t generation) {
    DesiredState state;
    state.generation = generation;
    if (!standing) return state;
    ToolEntry held = entry("a", docker("a", *standing == leaving ? 1 : static_cast<unsigned>(*standing)), generation);
    if (*standing == leaving) held.removal = Removal{};
    state.put(std::move(held));
    return state;
}

std::string merged_text(Standing base, Standing edited, Standing current) {
    const Merged merged = merge_hand_edit(with(base, 4), with(edited, 4), with(current, 7), 8);
    if (!merged.conflicts.empty()) return merged.conflicts.front().code;
    return (merged.changed ? "changed: " : "as it was: ") + summary(merged.state);
}

/// The rule in words, against which every combination is held.
std::string expected(Standing base, Standing edited, Standing current) {
    const auto text = [&](Standing standing, int generation) {
        return standing ? summary(with(standing, static_cast<std::uint64_t>(generation))) : std::string();
    };
    const bool both_let_it_go = !edited && current == leaving;
    if (edited == base || edited == current || both_let_it_go) return "as it was: " + text(current, 7);
    if (current != base) return "conflict";
    // A tool that was taken out of the file is put on its way out, with the wish it had.
    if (!edited) return "changed: a a " + std::to_string(*current) + " g8 removing\n";
    return "changed: " + text(edited, 8);
}

}  // namespace

TEST_CASE("merge: every combination of base, edit and current state has its one outcome") {
    const std::vector<Standing> standings{std::nullopt, 1, 2, leaving};
    for (const Standing base : standings)
        for (const Standing edited : standings)
            for (const Standing current : standings) {
                INFO("base " << base.value_or(0) << ", edited " << edited.value_or(0) << ", current " << current.value_or(0));
                CHECK(merged_text(base, edited, current) == expected(base, edited, current));
            }
}

TEST_CASE("merge: an edit never erases what was acknowledged since") {
    DesiredState base;
    base.generation = 1;
    apply(base, read(message("deploy", {docker("a", 1)})), "r1", 1);
    DesiredState edited = base;
    DesiredState current = base;
    current.generation = 2;
    apply(current, read(message("deploy", {docker("b", 1)})), "r2", 2);
    edited.put(entry("a", docker("a", 5)));
    const Merged merged = merge_hand_edit(base, edited, current, 3);
    CHECK(merged.conflicts.empty());
    CHECK(summary(merged.state) == "a a 5 g3\nb b 1 g2\n");
    CHECK(merged.state.find({prod, "b"}) == current.find({prod, "b"}));
    CHECK(merged.state.recent_requests == current.recent_requests);
}

TEST_CASE("merge: an edit may not take a queue that a message gave away meanwhile") {
    const DesiredState base;
    DesiredState edited;
    edited.put(entry("mine", docker("q", 1)));
    DesiredState current;
    current.put(entry("theirs", docker("q", 1)));
    const Merged merged = merge_hand_edit(base, edited, current, 2);
    CHECK(to_text(merged.conflicts) == "queue_in_use : mine: its queue already belongs to theirs\n");
}
