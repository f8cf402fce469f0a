#include "sdk/check/arguments.hpp"

#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <optional>

namespace elasticity::check {
namespace {

struct Selection {
    std::vector<std::string> only, skip;
};

EarlyEnd wrong(const std::string& message) {
    return {exit_usage, "elasticity-plugin-check: " + message + "; try --help\n"};
}

bool matches(const std::string& pattern, const Check& check) {
    return fnmatch(pattern.c_str(), check.name, 0) == 0;
}

bool matches_any(const std::vector<std::string>& patterns, const Check& check) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches(pattern, check); });
}

std::optional<EarlyEnd> select(const Selection& selection, Arguments& arguments) {
    for (const auto& patterns : {selection.only, selection.skip})
        for (const std::string& pattern : patterns)
            if (std::none_of(all_checks().begin(), all_checks().end(),
                             [&](const Check& check) { return matches(pattern, check); }))
                return wrong("no check is called '" + pattern + "', --list shows them");
    for (const Check& check : all_checks())
        if ((selection.only.empty() || matches_any(selection.only, check)) &&
            !matches_any(selection.skip, check))
            arguments.checks.push_back(&check);
    if (arguments.checks.empty()) return wrong("--only and --skip leave no check");
    return std::nullopt;
}

/// A plugin may change the working directory, so that relative names would mean something else later.
std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

std::optional<EarlyEnd> complete(const Selection& selection, Arguments& arguments) {
    Subject& subject = arguments.subject;
    if (arguments.markdown && !arguments.list) return wrong("--markdown goes with --list");
    if (arguments.list) return std::nullopt;
    if (subject.file.empty()) return wrong("no PLUGIN.so given");
    for (std::string* path : {&subject.file, &subject.config_file, &subject.spec_file})
        *path = absolute(*path);
    if (!std::filesystem::is_regular_file(subject.file)) return wrong(subject.file + ": no such file");
    if (const auto config = read_config(subject); config.has_error()) return wrong(config.error().message);
    if (const auto spec = read_spec(subject); spec.has_error()) return wrong(spec.error().message);
    return arguments.step.empty() ? select(selection, arguments) : std::nullopt;
}

void add_options(CLI::App& app, Arguments& arguments, Selection& selection) {
    Subject& subject = arguments.subject;
    app.add_option("PLUGIN.so", subject.file, "The plugin's file")->type_name("");
    app.add_option("--config", subject.config_file, "The backend's config as JSON; {} if absent")
        ->type_name("FILE");
    app.add_option("--spec", subject.spec_file, "What to create: {\"params\": {...}, \"env\": {...}}")
        ->type_name("FILE");
    app.add_option("--id", subject.plugin_id, "Which plugin of the file; the first if absent")
        ->type_name("ID");
    const auto add_patterns = [&](const char* name, std::vector<std::string>& patterns, const char* help) {
        app.add_option(name, patterns, help)->delimiter(',')->allow_extra_args(false)->type_name("NAMES");
    };
    add_patterns("--only", selection.only, "These checks alone; * and ? match");
    add_patterns("--skip", selection.skip, "Not these checks");
    const auto add_number = [&](const char* name, unsigned& number, unsigned most, const char* help) {
        app.add_option(name, number, help)->check(CLI::Range(1u, most).description(""))->type_name("N");
    };
    add_number("--timeout", arguments.timeout_s, 3600, "Seconds that one check may take; 45");
    add_number("--settle", subject.settle_s, 3600, "Seconds that an instance may take to start or end; 30");
    add_number("-j,--jobs", arguments.jobs, 64, "Checks at once; 4");
    app.add_flag("--strict", arguments.strict, "A warning is a failure too");
    app.add_flag("--json", arguments.json, "Print the report as JSON");
    app.add_option("--junit", arguments.junit_file, "Write the report as JUnit XML")->type_name("FILE");
    app.add_flag("--list", arguments.list, "Print the checks and their rules");
    app.add_flag("--markdown", arguments.markdown, "With --list: as a table");
    // For the processes that this program starts of itself.
    app.add_option("--step", arguments.step)->group("");
    app.add_option("--scratch", subject.scratch)->group("");
    app.add_option("--owner", subject.owner)->group("");
}

}  // namespace

std::variant<Arguments, EarlyEnd> parse_arguments(int count, char** values) {
    CLI::App app("Checks an Elasticity plugin against its contract, each rule in a process of its own",
                 "elasticity-plugin-check");
    app.set_help_flag("-h,--help", "Print this help");
    app.footer("Exit codes: 0 nothing failed, 1 something did, 2 wrong usage.");
    Arguments arguments;
    Selection selection;
    add_options(app, arguments, selection);
    try {
        app.parse(count, values);
    } catch (const CLI::CallForHelp&) {
        return EarlyEnd{0, app.help()};
    } catch (const CLI::ParseError& error) {
        return wrong(error.what());
    }
    if (const std::optional<EarlyEnd> end = complete(selection, arguments)) return *end;
    return arguments;
}

}  // namespace elasticity::check
