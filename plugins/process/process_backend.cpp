#include "plugins/process/process_backend.hpp"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "plugins/process/end_worker.hpp"
#include "plugins/process/launch.hpp"
#include "plugins/process/log_sweep.hpp"
#include "plugins/process/program.hpp"
#include "plugins/process/worker_environment.hpp"

namespace elasticity::process {
namespace {

void make_folder(const std::string& path, mode_t mode) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    throw sdk::Error(ELS_FAILED_PRECONDITION,
                     "cannot make the folder " + path + ": " + std::generic_category().message(errno));
}

/// Keys and names become file names here; the core's grammar admits no slash, and neither do we.
void refuse_path(std::string_view text, const char* what) {
    if (text.empty() || text.front() == '.' || text.find_first_of(std::string_view("/\0", 2)) != text.npos)
        throw sdk::Error(ELS_INVALID_ARGUMENT, std::string(what) + ": cannot be the name of a file");
}

sdk::Error start_error(const Reply& reply, const Request& request) {
    const int number = reply.error_number;
    const std::string why = std::generic_category().message(number);
    if (reply.step == step_execute) {
        const bool absent = number == ENOENT || number == ENOTDIR;
        return sdk::Error(ELS_INVALID_ARGUMENT, "cannot execute " + request.program + ": " + why)
            .at("/command/0")
            .provider(absent ? "command_not_found" : "command_not_executable");
    }
    if (reply.step == step_directory)
        return sdk::Error(ELS_INVALID_ARGUMENT, "cannot enter " + request.working_directory + ": " + why)
            .at("/working_directory")
            .provider("working_directory_not_found");
    return sdk::Error(ELS_RESOURCE_EXHAUSTED, "the shim could not " + reply.step + ": " + why,
                      ELS_ERR_RETRY_SAME | ELS_ERR_NEXT_BACKEND);
}

sdk::Error launch_error(const Reply& reply) {
    std::string said = reply.text.substr(0, reply.text.find('\n'));
    if (said.empty()) said = "it ended without a word";
    return sdk::Error(ELS_UNAVAILABLE, "the shim was not started: " + said, ELS_ERR_RETRY_SAME);
}

sdk::Instance same_or_refuse(const Observed& known, const sdk::Spec& spec) {
    if (known.record.spec_hash == spec.hash) return to_instance(known);
    throw sdk::Error(ELS_ALREADY_EXISTS,
                     "the key is taken by a worker of another spec, process " + id_text(known.record.worker));
}

int signal_number(std::string_view name) {
    for (int number = 1; number < NSIG; ++number) {
        const char* abbreviation = sigabbrev_np(number);
        if (abbreviation != nullptr && name == "SIG" + std::string(abbreviation)) return number;
    }
    throw sdk::Error(ELS_INVALID_ARGUMENT, "no signal has the name '" + std::string(name) + "'");
}

}  // namespace

const std::string_view ProcessBackend::config_schema = settings_schema;
const std::string_view ProcessBackend::spec_schema = command_schema;

ProcessBackend::ProcessBackend(sdk::Host host, std::string_view config)
    : host_(host),
      settings_(parse_settings(config, host.state_dir())),
      workers_(std::string(host.owner()), settings_.run_dir) {}

void ProcessBackend::make_folders() const {
    make_folder(settings_.run_dir, 0700);
    make_folder(settings_.log_dir, 0750);
}

void ProcessBackend::activate(const sdk::Call&) {
    if (!settings_.user.empty() && geteuid() != 0)
        throw sdk::Error(ELS_FAILED_PRECONDITION, "user: only root can start workers as another user")
            .at("/user");
    make_folders();
    if (access(settings_.shim.c_str(), X_OK) != 0)
        throw sdk::Error(ELS_FAILED_PRECONDITION, "shim: cannot execute " + settings_.shim + ": " +
                                                      std::generic_category().message(errno))
            .at("/shim");
}

std::string ProcessBackend::probe(const sdk::Call& call) {
    const bool in_scope = best_detachment() != Detachment::session;
    return "{\"detachment\": " + sdk::json_string(in_scope ? "systemd scope" : "session") +
           ", \"log_dir\": " + sdk::json_string(settings_.log_dir) +
           ", \"workers\": " + std::to_string(workers_.all(call).size()) + "}";
}

void ProcessBackend::validate(const sdk::Call&, const sdk::Spec& spec, const sdk::Report& report) {
    try {
        const Request request = new_request(spec);
        if (!std::filesystem::is_directory(request.working_directory))
            report({"error", "/working_directory", "there is no folder " + request.working_directory});
    } catch (const sdk::Error& error) {
        report({"error", error.field, error.text});
    }
}

Account ProcessBackend::account() const {
    return settings_.user.empty() ? own_account() : find_account(settings_.user);
}

Request ProcessBackend::new_request(const sdk::Spec& spec) const {
    refuse_path(spec.key, "key");
    refuse_path(spec.name, "name");
    Command command = parse_command(spec.params);
    const Account who = account();
    Request request;
    request.worker.owner = host_.owner();
    request.worker.key = spec.key;
    request.worker.name = spec.name;
    request.worker.tool = spec.tool;
    request.worker.spec_hash = spec.hash;
    request.worker.log_file = settings_.log_dir + "/" + std::string(spec.name) + ".log";
    request.environment = worker_environment(spec, host_.owner(), who);
    request.program = find_program(command.arguments.front(), value_in(request.environment, "PATH"));
    request.arguments = std::move(command.arguments);
    request.working_directory =
        command.working_directory.empty() ? settings_.working_directory : command.working_directory;
    request.limits = settings_.limits;
    request.change_user = !settings_.user.empty();
    request.user = who.user;
    request.group = who.group;
    request.groups = who.groups;
    return request;
}

Reply ProcessBackend::launch_shim(const sdk::Call& call, const Request& request) const {
    Request complete = request;
    complete.run_dir = settings_.run_dir;
    complete.log_bytes_max = settings_.log_max_bytes;
    complete.log_files_max = settings_.log_files_max;
    const Record& worker = complete.worker;
    return launch(call, launch_command(best_detachment(), settings_.shim, worker.owner, worker.key),
                  complete);
}

sdk::Instance ProcessBackend::create(const sdk::Call& call, const sdk::Spec& spec) {
    make_folders();  // Somebody may have removed them.
    const std::optional<Observed> known = workers_.find(call, {spec.key, {}});
    // One that another call is just starting may yet fail: our shim waits for the outcome.
    if (known && known->record.phase != Record::Phase::starting) return same_or_refuse(*known, spec);
    const Request request = new_request(spec);
    const Reply reply = launch_shim(call, request);
    if (reply.result == Reply::Result::failed) throw start_error(reply, request);
    if (const std::optional<Observed> started = workers_.find(call, {spec.key, {}}))
        return same_or_refuse(*started, spec);
    if (reply.result == Reply::Result::none) throw launch_error(reply);
    throw sdk::Error(ELS_ABORTED, "the worker was destroyed while it was created", ELS_ERR_RETRY_SAME);
}

void ProcessBackend::destroy(const sdk::Call& call, const sdk::Ref& ref, std::chrono::milliseconds grace) {
    const std::optional<Observed> worker = workers_.find(call, ref);
    if (!worker) return;
    if (grace.count() > 0) grace = std::max<std::chrono::milliseconds>(grace, settings_.stop_grace);
    end_worker(call, worker->record, grace);
    remove_record(settings_.run_dir, worker->record.key);
}

std::optional<sdk::Instance> ProcessBackend::inspect(const sdk::Call& call, const sdk::Ref& ref) {
    const std::optional<Observed> worker = workers_.find(call, ref);
    return worker ? std::optional(to_instance(*worker)) : std::nullopt;
}

std::string ProcessBackend::list(const sdk::Call& call, std::string_view page, const sdk::Emit& emit) {
    if (!page.empty())
        throw sdk::Error(ELS_INVALID_ARGUMENT, "list: there is one page, no other was ever named");
    make_folders();
    const ObservedByKey workers = workers_.all(call);
    for (const auto& [key, worker] : workers) {
        if (worker.record.phase != Record::Phase::ended && !worker.has_shim) take_over(call, worker.record);
        emit(to_instance(worker));
    }
    sweep(workers);
    return {};
}

/// A worker without a shim would stop once 64 KiB of its output wait to be read.
void ProcessBackend::take_over(const sdk::Call& call, const Record& worker) {
    Request request;
    request.worker = worker;
    request.supervise_only = true;
    if (request.worker.log_file.empty())
        request.worker.log_file = settings_.log_dir + "/" + worker.name + ".log";
    const Reply reply = launch_shim(call, request);
    if (reply.result == Reply::Result::started)
        host_.log(sdk::LogLevel::warn, "a worker had lost its shim and got a new one", {{"key", worker.key}});
    if (reply.result == Reply::Result::failed)
        host_.log(sdk::LogLevel::error, "a worker has lost its shim: " + start_error(reply, request).text,
                  {{"key", worker.key}});
    if (reply.result == Reply::Result::none)
        host_.log(sdk::LogLevel::error, "a worker has lost its shim: " + launch_error(reply).text,
                  {{"key", worker.key}});
}

void ProcessBackend::sweep(const ObservedByKey& workers) {
    constexpr std::int64_t interval_ms = 3600 * 1000;
    const std::int64_t now = unix_ms_now();
    std::int64_t last = last_sweep_unix_ms_;
    if (now - last < interval_ms || !last_sweep_unix_ms_.compare_exchange_strong(last, now)) return;
    std::set<std::string> names;
    for (const auto& [key, worker] : workers) names.insert(worker.record.name);
    sweep_logs(settings_.log_dir, names, settings_.log_keep);
}

void ProcessBackend::begin_drain(const sdk::Call& call, const sdk::Ref& ref, std::string_view signal_name) {
    const int number = signal_number(signal_name);
    const std::optional<Observed> worker = workers_.find(call, ref);
    if (!worker) throw sdk::Error(ELS_NOT_FOUND, "no such worker");
    if (signal_worker(worker->record.worker, number)) return;
    // One that ended takes no more messages: a second drain may come after the first has done its work.
    const std::optional<Observed> now = workers_.find(call, ref);
    if (now && now->record.phase != Record::Phase::ended)
        throw sdk::Error(ELS_UNAVAILABLE, "the worker runs and cannot be signalled", ELS_ERR_RETRY_SAME);
}

void ProcessBackend::cancel_drain(const sdk::Call&, const sdk::Ref&) {
    throw sdk::Error(ELS_FAILED_PRECONDITION, "a signal cannot be taken back");
}

}  // namespace elasticity::process
