#include "plugins/process/settings.hpp"

#include <sys/resource.h>

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <filesystem>

namespace elasticity::process {
namespace {

namespace json = boost::json;

std::string text(const json::object& from, json::string_view name, std::string fallback) {
    const json::value* found = from.if_contains(name);
    return found == nullptr ? std::move(fallback) : std::string(found->as_string());
}

std::uint64_t number(const json::object& from, json::string_view name, std::uint64_t fallback) {
    const json::value* found = from.if_contains(name);
    return found == nullptr ? fallback : found->to_number<std::uint64_t>();
}

std::string default_shim() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() /
           "libexec/elasticity/elasticity-process-shim";
}

std::string default_folder(std::string_view state_dir, const char* name) {
    return state_dir.empty() ? std::string() : std::string(state_dir) + "/" + name;
}

/// What the kernel and systemd give a service by default, whatever the daemon was started with. The kernel
/// derives the limits that are not named here from the machine's memory: they stay.
std::vector<ResourceLimit> to_limits(const json::object& wanted) {
    constexpr std::uint64_t none = RLIM_INFINITY, mebibyte = 1024 * 1024;
    // 1,024 open files unless the worker itself asks for more: programs that use select() break above it.
    const std::uint64_t open_files = number(wanted, "open_files", 1024);
    const std::uint64_t core_bytes = number(wanted, "core_bytes", 0);
    const std::uint64_t memory_bytes = number(wanted, "address_space_bytes", none);
    return {{RLIMIT_NOFILE, open_files, std::max<std::uint64_t>(open_files, 524288)},
            {RLIMIT_CORE, core_bytes, none},
            {RLIMIT_AS, memory_bytes, memory_bytes},
            {RLIMIT_STACK, 8 * mebibyte, none},
            {RLIMIT_MEMLOCK, 8 * mebibyte, 8 * mebibyte},
            {RLIMIT_CPU, none, none},
            {RLIMIT_DATA, none, none},
            {RLIMIT_FSIZE, none, none},
            {RLIMIT_LOCKS, none, none},
            {RLIMIT_RSS, none, none},
            {RLIMIT_NICE, 0, 0},
            {RLIMIT_RTPRIO, 0, 0},
            {RLIMIT_RTTIME, none, none}};
}

}  // namespace

const std::string_view settings_schema = R"({
    "type": "object", "additionalProperties": false, "properties": {
        "shim": {"type": "string", "minLength": 1,
            "description": "Helper that stands by each worker. Default: the one that was installed."},
        "run_dir": {"type": "string", "minLength": 1,
            "description": "Folder of the records. Default: run, in the backend's state folder."},
        "log_dir": {"type": "string", "minLength": 1,
            "description": "Folder of the workers' output, NAME.log. Default: log, beside run."},
        "log_max_bytes": {"type": "integer", "minimum": 4096, "default": 10485760,
            "description": "A log file of this size is rotated."},
        "log_files_max": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5,
            "description": "Log files of one worker, the newest included."},
        "log_keep_s": {"type": "integer", "minimum": 0, "default": 604800,
            "description": "Log files of workers that are gone are removed after this time."},
        "stop_grace_s": {"type": "integer", "minimum": 0, "default": 10,
            "description": "The least time between SIGTERM and SIGKILL, unless a worker is to end at once."},
        "working_directory": {"type": "string", "minLength": 1, "default": "/",
            "description": "Where workers start, unless their tool says otherwise."},
        "user": {"type": "string", "minLength": 1,
            "description": "User that workers run as; wants a daemon of root. Default: its own."},
        "limits": {"type": "object", "additionalProperties": false,
            "description": "Resource limits of each worker.", "properties": {
                "open_files": {"type": "integer", "minimum": 16, "default": 1024,
                    "description": "Soft limit of open files; the hard one is 524288 or this."},
                "core_bytes": {"type": "integer", "minimum": 0, "default": 0,
                    "description": "Size of a core dump."},
                "address_space_bytes": {"type": "integer", "minimum": 1048576,
                    "description": "Virtual memory. Default: no limit."}}}}})";

Settings parse_settings(std::string_view config, std::string_view state_dir) {
    const json::value parsed = json::parse(config.empty() ? "{}" : json::string_view(config));
    const json::object& from = parsed.as_object();
    Settings settings;
    settings.shim = text(from, "shim", default_shim());
    settings.run_dir = text(from, "run_dir", default_folder(state_dir, "run"));
    settings.log_dir = text(from, "log_dir", default_folder(state_dir, "log"));
    settings.log_max_bytes = number(from, "log_max_bytes", settings.log_max_bytes);
    settings.log_files_max = static_cast<unsigned>(number(from, "log_files_max", settings.log_files_max));
    settings.log_keep = std::chrono::seconds(number(from, "log_keep_s", settings.log_keep.count()));
    settings.stop_grace = std::chrono::seconds(number(from, "stop_grace_s", settings.stop_grace.count()));
    settings.working_directory = text(from, "working_directory", settings.working_directory);
    settings.user = text(from, "user", {});
    const json::value* limits = from.if_contains("limits");
    settings.limits = to_limits(limits == nullptr ? json::object() : limits->as_object());
    if (settings.run_dir.empty() || settings.log_dir.empty())
        throw sdk::Error(ELS_INVALID_ARGUMENT,
                         "run_dir and log_dir are wanted, as this backend has no state folder")
            .at("/run_dir");
    return settings;
}

const std::string_view command_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["command"], "properties": {
        "command": {"type": "array", "minItems": 1, "items": {"type": "string"},
            "description": "Program and arguments; no shell. A bare name is looked up in PATH."},
        "working_directory": {"type": "string", "minLength": 1,
            "description": "Where the worker starts. Default: the backend's."}}})";

Command parse_command(std::string_view params) {
    const json::value parsed = json::parse(json::string_view(params));
    const json::object& from = parsed.as_object();
    Command command;
    command.arguments = json::value_to<std::vector<std::string>>(from.at("command"));
    command.working_directory = text(from, "working_directory", {});
    if (command.arguments.empty() || command.arguments.front().empty())
        throw sdk::Error(ELS_INVALID_ARGUMENT, "command: the name of a program is wanted").at("/command/0");
    return command;
}

}  // namespace elasticity::process
