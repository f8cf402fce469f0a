// What the plugin says of itself.
#include <array>
#include <boost/json/parse.hpp>
#include <thread>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/sinks.hpp"
#include "sdk/host/backend.hpp"

namespace elasticity::check {
namespace {

namespace json = boost::json;

constexpr std::array known_interfaces{ELS_IF_PROVISIONER, ELS_IF_LIFECYCLE, ELS_IF_SERVICE,
                                      ELS_IF_METRICS,     ELS_IF_DRAIN,     ELS_IF_EVENTS};

json::object description_object(const els_plugin& plugin) {
    boost::system::error_code error;
    json::value description = json::parse(description_of(plugin), error);
    require(!error, "describe gives no JSON: " + error.message());
    require(description.is_object(), "describe gives no JSON object");
    return std::move(description.get_object());
}

std::string text_in(const json::object& from, const char* name) {
    const json::value* text = from.if_contains(name);
    require(text != nullptr && text->is_string() && !text->get_string().empty(),
            std::string("describe lacks the text \"") + name + "\"");
    return std::string(text->get_string());
}

void is_complete(const Subject& subject) {
    const json::object description = description_object(load_plugin(subject));
    for (const char* name : {"id", "version", "title"}) text_in(description, name);
    for (const char* name : {"config_schema", "spec_schema"}) {
        const json::value* schema = description.if_contains(name);
        require(schema != nullptr && schema->is_object(), std::string("describe lacks the object ") + name);
    }
    const json::value* concurrency = description.if_contains("max_concurrency");
    require(concurrency != nullptr && concurrency->is_int64() && concurrency->get_int64() >= 1,
            "describe lacks max_concurrency, a number from 1");
    const json::value* interfaces = description.if_contains("interfaces");
    require(interfaces != nullptr && interfaces->is_array(), "describe lacks the array interfaces");
}

void agrees_with_descriptor(const Subject& subject) {
    const els_plugin& plugin = load_plugin(subject);
    const json::object description = description_object(plugin);
    require(text_in(description, "id") == plugin.id, "describe and els_plugin differ in the id");
    require(text_in(description, "version") == plugin.version,
            "describe and els_plugin differ in the version");
}

void interfaces_match_query(const Subject& subject) {
    const Session session(subject, Session::Begin::opened);
    const json::object description = description_object(session.plugin());
    std::string described = ",";
    for (const json::value& id : description.at("interfaces").as_array())
        described += std::string(id.as_string()) + ",";
    for (const char* id : known_interfaces) {
        const bool says = described.find("," + std::string(id) + ",") != described.npos;
        const bool has = session.plugin().query(session.backend(), id) != nullptr;
        require(!says || has, std::string("describe names ") + id + ", and query does not know it");
        require(says || !has, std::string("query gives ") + id + ", which describe does not name");
    }
    require(described.find(ELS_IF_PROVISIONER) != described.npos, "offers no " ELS_IF_PROVISIONER);
}

void is_repeatable(const Subject& subject) {
    const els_plugin& plugin = load_plugin(subject);
    const std::string first = description_of(plugin);
    const auto again = [&] {
        for (int i = 0; i < 20; ++i)
            require(description_of(plugin) == first, "describe says something else the second time");
    };
    std::thread beside(again);
    again();
    beside.join();
}

void passes_on_a_refusal(const Subject& subject) {
    els_sink refusing = deaf_sink();
    refusing.write = [](void*, els_view) -> els_code { return ELS_CANCELLED; };
    const els_plugin& plugin = load_plugin(subject);
    const auto done = invoke([&](els_error* error) { return plugin.describe(&refusing, error); });
    require_code(ELS_CANCELLED, done, "describe into a sink that refuses");
}

/// Findings are JSON lines: {"severity", "path", "message"}.
void require_findings(const std::string& findings) {
    std::size_t begin = 0;
    while (begin < findings.size()) {
        const std::size_t end = std::min(findings.find('\n', begin), findings.size());
        const std::string line = findings.substr(begin, end - begin);
        begin = end + 1;
        boost::system::error_code error;
        const json::value finding = json::parse(line, error);
        require(!error && finding.is_object(), "a finding is no JSON object on a line: " + line);
        const std::string severity = text_in(finding.get_object(), "severity");
        require(severity == "error" || severity == "warning", "a finding has the severity " + severity);
        text_in(finding.get_object(), "message");
        const json::value* path = finding.get_object().if_contains("path");
        require(path != nullptr && path->is_string() &&
                    (path->get_string().empty() || path->get_string().front() == '/'),
                "the path of a finding is no JSON pointer: " + line);
    }
}

void config_is_accepted(const Subject& subject) {
    const sdk::HostResult<std::string> config = read_config(subject);
    require_ok(config, "reading the config");
    const sdk::HostResult<std::string> findings = sdk::check_config(load_plugin(subject), *config);
    require_ok(findings, "check_config");
    require_findings(*findings);
    require(findings->find("\"error\"") == findings->npos, "check_config finds in the config: " + *findings);
}

void findings_are_json_lines(const Subject& subject) {
    const els_plugin& plugin = load_plugin(subject);
    for (const char* config : {"", "[]", "null", "{", "{\"no such field\":1}", "\xff\xfe"}) {
        const sdk::HostResult<std::string> findings = sdk::check_config(plugin, config);
        if (findings.has_value()) require_findings(*findings);
    }
}

void probe_is_an_object(const Subject& subject) {
    const Session session(subject);
    std::string text;
    els_sink sink = text_sink(text);
    const auto call = new_call();
    require_ok(invoke([&](els_error* error) {
                   return session.plugin().probe(session.backend(), call->get(), &sink, error);
               }),
               "probe");
    boost::system::error_code error;
    const json::value answer = json::parse(text, error);
    require(!error && answer.is_object(), "probe gives no JSON object: " + text);
}

}  // namespace

std::vector<Check> describe_checks() {
    return {
        {"describe.is_complete", "The description has id, version, title, concurrency, interfaces, schemas",
         is_complete},
        {"describe.agrees_with_descriptor", "Id and version are those of els_plugin", agrees_with_descriptor},
        {"describe.interfaces_match_query", "The interfaces described are those that query gives",
         interfaces_match_query},
        {"describe.is_repeatable", "Asked again, and from two threads, the description is the same",
         is_repeatable},
        {"describe.passes_on_a_refusal", "The code of a sink that refuses is handed on", passes_on_a_refusal},
        {"config.is_accepted", "check_config has nothing against the config that was given",
         config_is_accepted},
        {"config.findings_are_json_lines", "check_config survives rubbish, and its findings can be read",
         findings_are_json_lines},
        {"probe.is_an_object", "probe answers with a JSON object", probe_is_an_object},
    };
}

}  // namespace elasticity::check
