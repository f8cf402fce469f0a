#include <catch2/catch.hpp>

#include "tests/simulation/contest.hpp"

using namespace elasticity::simulation;

TEST_CASE("policies: ours loses to no other by more than 5 % in time and in worker-seconds, and runs no job twice") {
    for (const Standing& standing : run_contests(5)) {
        const Outcome& outcome = standing.outcome;
        CAPTURE(standing.workload, standing.policy, outcome.drain_s, outcome.in_system_s, outcome.worker_s);
        CHECK(outcome.jobs > 1'000);
        CHECK(outcome.drained);
        CHECK_FALSE(standing.ours_loses);
        if (standing.policy == "Elasticity") CHECK(outcome.run_twice == 0);
    }
}

TEST_CASE("policies: a contest is lost by more than 5 % in time and in worker-seconds, not by one of them") {
    Outcome theirs;
    theirs.drain_s = theirs.in_system_s = theirs.worker_s = 100;
    Outcome ours = theirs;
    ours.drain_s = 106;
    CHECK_FALSE(loses(ours, theirs));
    ours.worker_s = 105;
    CHECK_FALSE(loses(ours, theirs));
    ours.worker_s = 106;
    CHECK(loses(ours, theirs));
    ours.drain_s = 105;
    CHECK_FALSE(loses(ours, theirs));
    ours.in_system_s = 106;
    CHECK(loses(ours, theirs));
}

TEST_CASE("policies: who ends a busy worker is seen to run its job twice") {
    const Contestant careless{"careless", [] {
        return [](const Observation& seen, elasticity::TimePoint) { return seen.unacknowledged > 0 ? 0U : 1U; };
    }};
    const Outcome outcome = run_contest({"one job", {1}, 1}, careless);
    CHECK(outcome.run_twice > 0);
    CHECK_FALSE(outcome.drained);
}
