// The report for machines.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "sdk/check/report.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity::check {
namespace {

namespace json = boost::json;

/// XML 1.0 has no place for most control characters, not even escaped.
std::string xml(const std::string& text) {
    std::string escaped;
    for (const char c : sdk::valid_utf8(text)) {
        if (c == '&')
            escaped += "&amp;";
        else if (c == '<')
            escaped += "&lt;";
        else if (c == '>')
            escaped += "&gt;";
        else if (c == '"')
            escaped += "&quot;";
        else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
            escaped += '?';
        else
            escaped += c;
    }
    return escaped;
}

std::string seconds_attribute(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, " time=\"%.3f\"", seconds);
    return text;
}

std::string junit_outcome(const Result& result) {
    const std::string message = xml(sentence_of(result));
    const std::string output =
        result.output.empty() ? "" : "<system-out>" + xml(result.output) + "</system-out>";
    switch (result.verdict.status) {
        case Status::pass:
            return {};
        case Status::warning:
            return "<system-out>warning: " + message + "</system-out>";
        case Status::fail:
            return "<failure message=\"" + message + "\"/>" + output;
        case Status::crashed:
            return "<error message=\"" + message + "\"/>" + output;
        case Status::skipped:
            return "<skipped message=\"" + message + "\"/>";
    }
    return {};
}

}  // namespace

std::string to_json(const Report& report) {
    json::array checks;
    for (const Result& result : report.results) {
        json::object check{{"name", result.check->name},
                           {"status", status_name(result.verdict.status)},
                           {"message", sdk::valid_utf8(sentence_of(result))},
                           {"seconds", result.seconds}};
        if (!result.output.empty()) check["output"] = result.output;
        checks.push_back(std::move(check));
    }
    json::object counts;
    for (const Status status :
         {Status::pass, Status::warning, Status::fail, Status::crashed, Status::skipped})
        counts[status_name(status)] = report.count(status);
    return json::serialize(json::object{{"file", report.file},
                                        {"plugin", report.plugin},
                                        {"proved", proved_profile(report)},
                                        {"counts", std::move(counts)},
                                        {"seconds", report.seconds},
                                        {"checks", std::move(checks)}}) +
           "\n";
}

std::string to_junit(const Report& report) {
    std::string text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"elasticity-plugin-check\"";
    text += " tests=\"" + std::to_string(report.results.size()) + "\" failures=\"" +
            std::to_string(report.count(Status::fail)) + "\" errors=\"" +
            std::to_string(report.count(Status::crashed)) + "\" skipped=\"" +
            std::to_string(report.count(Status::skipped)) + "\"" + seconds_attribute(report.seconds) + ">\n";
    const std::string plugin = xml(report.plugin.empty() ? report.file : report.plugin);
    for (const Result& result : report.results)
        text += "  <testcase classname=\"" + plugin + "\" name=\"" + xml(result.check->name) + "\"" +
                seconds_attribute(result.seconds) + ">" + junit_outcome(result) + "</testcase>\n";
    return text + "</testsuite>\n";
}

}  // namespace elasticity::check
