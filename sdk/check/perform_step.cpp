#include <signal.h>
#include <sys/prctl.h>

#include <cstdlib>
#include <exception>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/step.hpp"

namespace elasticity::check {
namespace {

/// For the summary: who was checked.
void identify(const Subject& subject) {
    const els_plugin& plugin = load_plugin(subject);
    conclude({Status::pass, std::string(plugin.id) + " " + plugin.version});
}

/// Skips a check that wants what the plugin or its author do not give.
void skip_unless_possible(const Check& check, const Subject& subject) {
    if (*check.capability != '\0') {
        const Session session(subject, Session::Begin::opened);
        if (session.plugin().query(session.backend(), check.capability) == nullptr)
            skip(std::string(check.capability) + " is not offered");
    }
    if (check.creates && subject.spec_file.empty()) {
        const std::string fields = required_fields(description_of(load_plugin(subject)));
        if (!fields.empty()) skip("no --spec was given, and the params want " + fields);
    }
    if (check.outlives_process && (load_plugin(subject).flags & ELS_PF_VOLATILE) != 0)
        skip("ELS_PF_VOLATILE: instances end with the plugin's process, it says");
}

void run(const Check& check, const Subject& subject) {
    skip_unless_possible(check, subject);
    check.run(subject);
    if (check.leaves_by_exit) {
        record_verdict({Status::pass, {}});
        std::exit(EXIT_SUCCESS);
    }
    conclude({Status::pass, {}});
}

void perform(const Subject& subject, const std::string& step) {
    if (step == "identify") return identify(subject);
    if (step == "create-and-die") return create_and_die(subject);
    if (step == "destroy-leftovers") return destroy_leftovers(subject);
    const Check* check = find_check(step);
    require(check != nullptr, "no check has the name " + step);
    run(*check, subject);
}

}  // namespace

void perform_step(const Subject& subject, const std::string& step) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    set_verdict_file(subject.scratch + "/verdict." + step);
    try {
        perform(subject, step);
    } catch (const std::exception& error) {
        fail(std::string("an exception came out of the plugin, or of what it said: ") + error.what());
    }
    conclude({Status::pass, {}});
}

}  // namespace elasticity::check
