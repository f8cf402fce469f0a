#include "core/plugin_host/plugin_inspection.hpp"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <elasticity/sdk/program.hpp>

#include "core/model/json_text.hpp"
#include "sdk/host/backend.hpp"
#include "sdk/host/library.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr int exit_answered = 0, exit_no_answer = 1;

json::object described(const els_plugin& plugin) {
    const auto text = sdk::describe(plugin);
    if (!text) return {{"error", "it cannot describe itself: " + text.error().message}};
    auto parsed = parse_json(*text);
    if (!parsed || !parsed->is_object()) return {{"error", "its description is no JSON object"}};
    const char* version = plugin.version ? plugin.version : "";
    return {{"id", plugin.id}, {"version", version}, {"description", std::move(*parsed)}};
}

json::object inspected(const std::filesystem::path& file) {
    const auto library = sdk::Library::load(file);
    if (!library) return {{"error", library.error().message}};
    json::array plugins;
    for (const els_plugin* plugin : (*library)->plugins()) {
        json::object one = described(*plugin);
        if (one.contains("error")) return one;
        plugins.push_back(std::move(one));
    }
    return {{"toolchain", (*library)->toolchain()}, {"plugins", std::move(plugins)}};
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::vector<std::string> own_environment() {
    std::vector<std::string> variables;
    for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
    return variables;
}

std::string text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

InspectedPlugin read_plugin(const json::object& answer) {
    InspectedPlugin plugin;
    plugin.id = text_of(answer, "id");
    plugin.version = text_of(answer, "version");
    plugin.description = answer.at("description").as_object();
    plugin.title = text_of(plugin.description, "title");
    const json::value* interfaces = plugin.description.if_contains("interfaces");
    if (interfaces && interfaces->is_array())
        for (const json::value& each : interfaces->get_array())
            if (each.is_string()) plugin.interfaces.emplace_back(each.get_string());
    return plugin;
}

/// How the child ended, when it did not end with an answer.
std::string fate_of(int exit_code) {
    if (exit_code <= 128)
        return "it ended the process that loaded it, with exit code " + std::to_string(exit_code);
    const int number = exit_code - 128;
    const char* name = ::sigabbrev_np(number);
    return "it crashed while it was loaded: " + (name ? std::string("SIG") + name : std::to_string(number));
}

Result<sdk::ProgramResult> run_child(const std::filesystem::path& file, const std::filesystem::path& program,
                                     std::chrono::milliseconds patience) {
    const sdk::HostCall limit("inspect", 1, sdk::HostCall::Clock::now() + patience);
    try {
        return sdk::run_program(sdk::Call(limit.get()),
                                {program.string(), "plugin", "inspect", file.string()}, own_environment());
    } catch (const sdk::Error& error) {
        if (error.code != ELS_DEADLINE_EXCEEDED) return Error{ErrorKind::internal, error.text};
        return Error{ErrorKind::invalid,
                     "it did not answer within " + std::to_string(patience.count()) + " ms"};
    }
}

}  // namespace

Result<PluginInspection> inspect_plugin(const std::filesystem::path& file,
                                        const std::filesystem::path& program,
                                        std::chrono::milliseconds patience) {
    const auto unusable = [&](const std::string& why) {
        const std::string prefix = file.string() + ": ";  // what the loader says names the file already
        return Error{ErrorKind::invalid, why.starts_with(prefix) ? why : prefix + why};
    };
    const auto child = run_child(file, program, patience);
    if (!child) return unusable(child.error().message);
    if (child->exit_code != exit_answered) return unusable(fate_of(child->exit_code));
    const auto answer = parse_json(child->output);
    if (!answer || !answer->is_object()) return unusable("it left before it was asked");
    const json::object& object = answer->get_object();
    if (object.contains("error")) return unusable(text_of(object, "error"));
    PluginInspection inspection{text_of(object, "toolchain"), {}};
    for (const json::value& plugin : object.at("plugins").as_array())
        inspection.plugins.push_back(read_plugin(plugin.as_object()));
    return inspection;
}

void answer_inspection(const std::filesystem::path& file) {
    // What the plugin's own code prints must not stand in the answer.
    const int answer = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    const bool told = answer >= 0 && write_all(answer, json::serialize(inspected(file)) + "\n");
    ::_exit(told ? exit_answered : exit_no_answer);
}

}  // namespace elasticity
