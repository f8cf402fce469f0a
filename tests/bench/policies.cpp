// Ours and the reference policies through the same simulated worlds.
//     elasticity-bench-policies TRACES
// Prints a JSON object for each workload and contestant, ours first in each workload.
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <string>

#include "tests/simulation/contest.hpp"

using namespace elasticity::simulation;

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s TRACES\n", argv[0]);
        return 2;
    }
    for (const Standing& standing : run_contests(std::stoul(argv[1]))) {
        const Outcome& outcome = standing.outcome;
        const boost::json::object row{
            {"workload", standing.workload},       {"policy", standing.policy},
            {"rounds", standing.rounds},           {"drain_s", outcome.drain_s},
            {"in_system_s", outcome.in_system_s},  {"worker_s", outcome.worker_s},
            {"jobs", outcome.jobs},                {"scale_actions", outcome.scale_actions},
            {"run_twice", outcome.run_twice},      {"drained", outcome.drained},
            {"ours_loses", standing.ours_loses},   {"rounds_lost", standing.rounds_lost}};
        std::cout << boost::json::serialize(row) << "\n";
    }
}
