#include "core/state/apply.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

/// Applies messages one after the other, each as its own commit.
struct Desk {
    DesiredState state;
    std::uint64_t generation = 0;

    std::string send(const std::string& request, const std::string& action, const std::vector<std::string>& tools) {
        Message message = read(worlds::message(action, tools));
        message.request_id = request;
        return to_text(apply(state, message, request, ++generation));
    }
};

}  // namespace

TEST_CASE("apply: an equal deploy changes nothing, not even who asked last") {
    Desk desk;
    CHECK(desk.send("r1", "deploy", {docker("a", 2)}) == "accepted a: accepted\n");
    const auto held = desk.state.tools().front();
    CHECK(desk.send("r2", "deploy", {docker("a", 2)}) == "unchanged a: already as asked for\n");
    CHECK(desk.state.tools().front() == held);
}

TEST_CASE("apply: the same request twice has the effect of one") {
    Desk desk;
    desk.send("r1", "deploy", {docker("a", 2)});
    desk.send("r2", "deploy", {docker("a", 5)});
    CHECK(desk.send("r1", "deploy", {docker("a", 2)}) == "unchanged a: this request was already carried out\n");
    CHECK(summary(desk.state) == "a a 5 g2\n");
    CHECK(desk.send("r1", "describe", {R"({"tool": "a"})"}) == "described a: \n");
}

TEST_CASE("apply: a request that changed nothing, delivered again after a later one, does not undo that") {
    Desk desk;
    desk.send("r1", "deploy", {docker("a", 2)});
    CHECK(desk.send("r2", "deploy", {docker("a", 2)}) == "unchanged a: already as asked for\n");
    desk.send("r3", "deploy", {docker("a", 0)});
    CHECK(desk.send("r2", "deploy", {docker("a", 2)}) == "unchanged a: this request was already carried out\n");
    CHECK(desk.send("r3", "deploy", {docker("a", 0)}) == "unchanged a: this request was already carried out\n");
    CHECK(summary(desk.state) == "a a 0 g3\n");
    CHECK(desk.state.recent_requests == std::deque<std::string>{"r1", "r2", "r3"});
}

TEST_CASE("apply: deploy 2, deploy 5, deploy 2 are three wishes") {
    Desk desk;
    CHECK(desk.send("r1", "deploy", {docker("a", 2)}) == "accepted a: accepted\n");
    CHECK(desk.send("r2", "deploy", {docker("a", 5)}) == "accepted a: accepted\n");
    CHECK(desk.send("r3", "deploy", {docker("a", 2)}) == "accepted a: accepted\n");
    CHECK(summary(desk.state) == "a a 2 g3\n");
}

TEST_CASE("apply: a deploy replaces the whole entry") {
    Desk desk;
    desk.send("r1", "deploy", {docker("a", 2, R"("max_instances": 7, "queue": "q")")});
    desk.send("r2", "deploy", {docker("a", 2)});
    CHECK(summary(desk.state) == "a a 2 g2\n");
    CHECK_FALSE(desk.state.tools().front()->entry.fields.contains("max_instances"));
    CHECK(desk.state.queue_owner(prod, "q") == nullptr);
}

TEST_CASE("apply: an older revision is refused, the same and a newer one are not") {
    Desk desk;
    desk.send("r1", "deploy", {docker("a", 2, R"("revision": 5)")});
    CHECK(desk.send("r2", "deploy", {docker("a", 9, R"("revision": 4)")}) == "rejected a: revision 4 is older than the held 5\n");
    CHECK(desk.send("r3", "deploy", {docker("a", 3, R"("revision": 5)")}) == "accepted a: accepted\n");
    CHECK(desk.send("r4", "remove", {R"({"tool": "a", "revision": 4})"}) == "rejected a: revision 4 is older than the held 5\n");
    CHECK(summary(desk.state) == "a a 3 g3\n");
}

TEST_CASE("apply: a queue belongs to one tool of its target") {
    Desk desk;
    desk.send("r1", "deploy", {docker("a", 1, R"("queue": "q")")});
    const auto results = apply(desk.state, read(message("deploy", {docker("b", 1), docker("c", 1, R"("queue": "q")")})), "r2", 2);
    CHECK(to_text(results) == "accepted b: accepted\nrejected c: queue q already belongs to tool a\n");
    CHECK(to_text(results[1].findings) == "queue_in_use /tools/1/queue: queue q already belongs to tool a\n");
    CHECK(desk.send("r3", "deploy", {docker("a", 1)}) == "accepted a: accepted\n");
    CHECK(desk.send("r4", "deploy", {docker("c", 1, R"("queue": "q")")}) == "accepted c: accepted\n");
}

TEST_CASE("apply: pause and resume, each once") {
    Desk desk;
    desk.send("r1", "deploy", {docker("a", 2)});
    CHECK(desk.send("r2", "resume", {R"({"tool": "a"})"}) == "unchanged a: not paused\n");
    CHECK(desk.send("r3", "pause", {R"({"tool": "a"})"}) == "accepted a: paused\n");
    CHECK(desk.send("r4", "pause", {R"({"tool": "a"})"}) == "unchanged a: already paused\n");
    CHECK(desk.send("r5", "deploy", {docker("a", 3)}) == "accepted a: accepted; the tool stays paused\n");
    CHECK(summary(desk.state) == "a a 3 g5 paused\n");
    CHECK(desk.send("r6", "resume", {R"({"tool": "a"})"}) == "accepted a: resumed\n");
    CHECK(summary(desk.state) == "a a 3 g6\n");
}

TEST_CASE("apply: a removal is remembered until it is done, and a deploy calls it off") {
    Desk desk;
    desk.send("r1", "deploy", {docker("a", 2)});
    CHECK_FALSE(forget(desk.state, {prod, "a"}));
    CHECK(desk.send("r2", "remove", {R"({"tool": "a"})"}) == "accepted a: accepted for removal\n");
    CHECK(desk.send("r3", "remove", {R"({"tool": "a"})"}) == "unchanged a: already being removed\n");
    CHECK(desk.send("r4", "pause", {R"({"tool": "a"})"}) == "rejected a: a is being removed\n");
    CHECK(desk.send("r5", "remove", {R"({"tool": "a", "force": true})"}) == "accepted a: accepted for removal\n");
    CHECK(desk.send("r6", "deploy", {docker("a", 2)}) == "accepted a: accepted\n");
    CHECK(summary(desk.state) == "a a 2 g6\n");
    desk.send("r7", "remove", {R"({"tool": "a"})"});
    CHECK(forget(desk.state, {prod, "a"}));
    CHECK(summary(desk.state).empty());
    CHECK(desk.state.queue_owner(prod, "a") == nullptr);
}

TEST_CASE("apply: what fails for one tool leaves the others alone") {
    Desk desk;
    CHECK(desk.send("r1", "deploy", {docker("a", 1), R"({"kind": "moon", "extractor": "m"})", docker("b", 1)}) ==
          "accepted a: accepted\nrejected m: no backend runs this kind of tool; known: docker, vm\naccepted b: accepted\n");
    CHECK(desk.send("r2", "pause", {R"({"tool": "a"})", R"({"tool": "x"})"}) ==
          "accepted a: paused\nrejected x: x is not deployed on this target\n");
}

TEST_CASE("apply: only so many request ids are remembered") {
    Desk desk;
    desk.state.put(entry("a", docker("a", 1)));
    for (std::size_t i = 0; i <= recent_requests_max; ++i)
        desk.send("r" + std::to_string(i), i % 2 == 0 ? "pause" : "resume", {R"({"tool": "a"})"});
    CHECK(desk.state.recent_requests.size() == recent_requests_max);
    CHECK(desk.state.recent_requests.front() == "r1");
}

TEST_CASE("apply: an id that was made up for a message without one is not remembered") {
    DesiredState state;
    CHECK(to_text(apply(state, read(message("deploy", {docker("a", 2)})), "made-up", 1)) == "accepted a: accepted\n");
    CHECK(state.find({prod, "a"})->entry.request_id == "made-up");
    CHECK(state.recent_requests.empty());
}
