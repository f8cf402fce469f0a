// What is left behind, and what was changed for everybody.
#include <algorithm>
#include <iterator>

#include "sdk/check/catalog.hpp"
#include "sdk/check/process_state.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

constexpr milliseconds settle_limit(2'000);  ///< the kernel takes a moment to forget a joined thread

void live(const Subject& subject, bool creates) {
    Session session(subject);
    session.listed();
    session.inspect({"no-such-key", {}});
    if (!creates) return;
    session.destroyed({session.created().key, {}});
}

void require_threads_gone(std::size_t before) {
    std::size_t now = 0;
    const bool are_gone = eventually(settle_limit, [&] { return (now = thread_count()) <= before; });
    require(are_gone, std::to_string(now - before) + " threads are left");
}

void require_nothing_left(const Subject& subject, bool creates) {
    load_plugin(subject);
    const std::size_t threads = thread_count();
    const std::set<std::string> descriptors = open_descriptors();
    for (int i = 0; i < 3; ++i) live(subject, creates);
    require_threads_gone(threads);
    std::string opened;
    const bool are_closed =
        eventually(settle_limit, [&] { return (opened = added(descriptors, open_descriptors())).empty(); });
    require(are_closed, "descriptors are left open: " + opened);
}

void descriptors(const Subject& subject) {
    load_plugin(subject);
    const std::set<std::string> before = open_descriptors();
    for (int i = 0; i < 3; ++i) live(subject, false);
    const std::string opened = added(before, open_descriptors());
    require(opened.empty(), "left open after close: " + opened);
}

void threads(const Subject& subject) {
    load_plugin(subject);
    const std::size_t before = thread_count();
    Session session(subject);
    session.listed();
    session.quiesce();
    require_threads_gone(before);
}

void of_creates(const Subject& subject) {
    require_nothing_left(subject, true);
}

void zombies(const Subject& subject) {
    live(subject, true);
    require(eventually(settle_limit, [] { return !has_zombie(); }),
            "a child process ended, and nobody waited for it");
}

void require_same_settings(const Subject& subject, bool creates) {
    const std::vector<std::string> before = process_settings();
    live(subject, creates);
    const std::vector<std::string> after = process_settings();
    for (const std::string& line : after)
        require(std::find(before.begin(), before.end(), line) != before.end(),
                "changed for the process: " + line);
    require(before.size() == after.size(), "took a variable out of the environment");
}

void settings(const Subject& subject) {
    require_same_settings(subject, false);
}

void settings_of_creates(const Subject& subject) {
    require_same_settings(subject, true);
}

}  // namespace

std::vector<Check> leak_checks() {
    return {
        {"leaks.descriptors", "Three lives of a backend leave no descriptor open", descriptors},
        {"leaks.threads", "quiesce leaves no thread", threads},
        creates("leaks.of_creates", "Creates and destroys leave no thread and no descriptor", of_creates),
        creates("leaks.zombies", "No ended child process is left unwaited", zombies),
        {"process.is_left_alone",
         "Working directory, umask, locale, environment and signals stay as they are", settings},
        creates("process.is_left_alone_by_creates", "They stay through create and destroy as well",
                settings_of_creates),
    };
}

}  // namespace elasticity::check
