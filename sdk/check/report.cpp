#include "sdk/check/report.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace elasticity::check {
namespace {

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 1), ' ');
    return text;
}

std::string seconds_text(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", seconds);
    return text;
}

/// "elasticity.drain/1" -> "drain"
std::string short_name(const std::string& interface_id) {
    const std::size_t dot = interface_id.rfind('.');
    return interface_id.substr(dot + 1, interface_id.rfind('/') - dot - 1);
}

struct Tally {
    std::size_t proved = 0, refuted = 0, skipped = 0;
};

std::map<std::string, Tally> tally_by_capability(const std::vector<Result>& results) {
    std::map<std::string, Tally> tallies;
    for (const Result& result : results) {
        Tally& tally = tallies[result.check->capability];
        switch (result.verdict.status) {
            case Status::pass:
            case Status::warning:
                ++tally.proved;
                break;
            case Status::fail:
            case Status::crashed:
                ++tally.refuted;
                break;
            case Status::skipped:
                ++tally.skipped;
                break;
        }
    }
    return tallies;
}

std::string indented(const std::string& text) {
    std::string lines;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines += "           | " + text.substr(begin, end - begin) + "\n";
        begin = end + 1;
    }
    return lines;
}

const char* needs_of(const Check& check) {
    if (check.outlives_process) return "spec, lasting instances";
    return check.creates ? "spec" : "";
}

}  // namespace

std::size_t Report::count(Status status) const {
    return static_cast<std::size_t>(std::count_if(results.begin(), results.end(), [&](const Result& result) {
        return result.verdict.status == status;
    }));
}

bool Report::is_good(bool strict) const {
    return count(Status::fail) == 0 && count(Status::crashed) == 0 && !(strict && count(Status::warning) > 0);
}

std::string proved_profile(const Report& report) {
    if (report.is_selection) return "nothing, as not all checks ran";
    std::map<std::string, Tally> tallies = tally_by_capability(report.results);
    const Tally base = tallies[""];
    if (base.refuted > 0) return "nothing, as " + std::to_string(base.refuted) + " checks of base failed";
    std::string profile = "base";
    for (const auto& [capability, tally] : tallies)
        if (!capability.empty() && tally.refuted == 0 && tally.skipped == 0)
            profile += "+" + short_name(capability);
    if (base.skipped > 0) profile += ", but for " + std::to_string(base.skipped) + " skipped checks of base";
    return profile;
}

std::string sentence_of(const Result& result) {
    return result.verdict.message.empty() ? result.check->sentence : result.verdict.message;
}

std::string to_text(const Report& report) {
    std::string text =
        report.file + ": " + (report.plugin.empty() ? "no plugin that says who it is" : report.plugin) + "\n";
    for (const Result& result : report.results) {
        text += padded(status_name(result.verdict.status), 9) + padded(result.check->name, 38) +
                sentence_of(result) + "\n" + indented(result.output);
    }
    for (const Status status :
         {Status::pass, Status::warning, Status::fail, Status::crashed, Status::skipped})
        text += std::to_string(report.count(status)) + " " + status_name(status) +
                (status == Status::skipped ? "" : ", ");
    return text + " in " + seconds_text(report.seconds) + "\nproved: " + proved_profile(report) + "\n";
}

std::string list_text() {
    std::string text;
    for (const Check& check : all_checks()) text += padded(check.name, 38) + check.sentence + "\n";
    return text;
}

std::string list_markdown() {
    std::string text = "| check | rule | needs |\n|---|---|---|\n";
    for (const Check& check : all_checks()) {
        const std::string capability =
            *check.capability == '\0' ? "" : "`" + std::string(check.capability) + "`";
        const std::string needs = needs_of(check);
        text += "| `" + std::string(check.name) + "` | " + check.sentence + " | " + capability +
                (capability.empty() || needs.empty() ? "" : ", ") + needs + " |\n";
    }
    return text;
}

}  // namespace elasticity::check
