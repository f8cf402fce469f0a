#pragma once
#include <string>
#include <vector>

#include "sdk/check/subject.hpp"

namespace elasticity::check {

/// One rule of the contract. Runs in a process of its own and ends it with its verdict; returning is a pass.
struct Check {
    const char* name;      ///< "create.same_key_twice_is_one": fit for --only
    const char* sentence;  ///< the rule, for people
    void (*run)(const Subject& subject);
    bool creates = false;           ///< wants a spec, and leaves instances to be destroyed
    bool outlives_process = false;  ///< wants instances that live on without the plugin's process
    bool leaves_by_exit = false;    ///< runs the exit handlers, which others avoid
    const char* capability = "";    ///< interface that the plugin may lack
};

/// A check that wants a spec, and whose instances are destroyed afterwards.
inline Check creates(const char* name, const char* sentence, void (*run)(const Subject&)) {
    return {.name = name, .sentence = sentence, .run = run, .creates = true};
}

/// One that wants them to live on without the plugin's process as well, at a provider that backends share.
inline Check creates_lasting(const char* name, const char* sentence, void (*run)(const Subject&)) {
    Check check = creates(name, sentence, run);
    check.outlives_process = true;
    return check;
}

/// All, in the order in which they are shown.
const std::vector<Check>& all_checks();

/// Null where there is none.
const Check* find_check(const std::string& name);

// By subject, each list in its own file of checks/.
std::vector<Check> load_checks();
std::vector<Check> negotiate_checks();
std::vector<Check> describe_checks();
std::vector<Check> schema_checks();
std::vector<Check> open_checks();
std::vector<Check> create_checks();
std::vector<Check> look_checks();
std::vector<Check> destroy_checks();
std::vector<Check> time_checks();
std::vector<Check> error_checks();
std::vector<Check> struct_checks();
std::vector<Check> leak_checks();
std::vector<Check> generation_checks();
std::vector<Check> ability_checks();

/// Steps that are no checks: the process that generation checks kill, and what destroys leftovers.
void create_and_die(const Subject& subject);
void destroy_leftovers(const Subject& subject);

}  // namespace elasticity::check
