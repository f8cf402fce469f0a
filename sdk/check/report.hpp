#pragma once
#include <array>
#include <string>
#include <vector>

#include "sdk/check/run_checks.hpp"

namespace elasticity::check {

/// All that is to be said of one run.
struct Report {
    std::string file;
    std::string plugin;  ///< "org.elasticity.noop 1.0.0"; empty where it could not say
    std::vector<Result> results;
    bool is_selection = false;  ///< not all checks ran: nothing is proved
    double seconds = 0;

    std::size_t count(Status status) const;
    /// Nothing failed or crashed; warnings count where they are to.
    bool is_good(bool strict) const;
};

/// Which interfaces were proved: "base+drain", or why none was.
std::string proved_profile(const Report& report);

/// What was seen, or the rule where all went well.
std::string sentence_of(const Result& result);

std::string to_text(const Report& report);
std::string to_json(const Report& report);
std::string to_junit(const Report& report);

/// The catalog of checks, for people and for docs/reference/plugin-check.md.
std::string list_text();
std::string list_markdown();

}  // namespace elasticity::check
