#pragma once
#include <string>
#include <variant>
#include <vector>

#include "sdk/check/catalog.hpp"

namespace elasticity::check {

struct Arguments {
    Subject subject;
    std::vector<const Check*> checks;  ///< those that are to run
    std::string step;                  ///< of a process that this program started; see step.hpp
    std::string junit_file;
    unsigned timeout_s = 45;  ///< that one check may take
    unsigned jobs = 4;
    bool list = false, markdown = false, json = false, strict = false;
};

/// What to print instead of a run, and the exit code.
struct EarlyEnd {
    int exit_code = 0;
    std::string text;
};

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

std::variant<Arguments, EarlyEnd> parse_arguments(int count, char** values);

}  // namespace elasticity::check
