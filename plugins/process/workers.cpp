#include "plugins/process/workers.hpp"

#include <poll.h>
#include <string.h>

#include <charconv>
#include <filesystem>
#include <vector>

namespace elasticity::process {
namespace {

std::vector<pid_t> all_pids() {
    std::vector<pid_t> pids;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
    }
    return pids;
}

/// The kernel gives no event for the end of an execve, which takes well under a millisecond.
void wait_a_moment(const sdk::Call& call) {
    pollfd cancelled{call.cancel_fd(), POLLIN, 0};
    poll(&cancelled, 1, 1);
    call.check();
}

/// Calls visit(pid, environment) for every process with one. Those inside execve are looked at again.
template <class Visit>
void each_environment(const sdk::Call& call, Visit visit) {
    constexpr int rounds_max = 1000;
    std::vector<pid_t> pids = all_pids();
    for (int round = 0; !pids.empty(); ++round) {
        if (round == rounds_max)
            throw sdk::Error(ELS_UNAVAILABLE,
                             "process " + std::to_string(pids.front()) + " stays inside execve and cannot be seen",
                             ELS_ERR_RETRY_SAME);
        if (round > 0) wait_a_moment(call);
        std::vector<pid_t> in_exec;
        for (const pid_t pid : pids) {
            const Environment environment = read_environment(pid);
            if (environment.sight == Environment::Sight::seen) visit(pid, environment.fields);
            if (environment.sight == Environment::Sight::in_exec) in_exec.push_back(pid);
        }
        pids = std::move(in_exec);
    }
}

/// The processes of a worker inherit its environment; the worker itself leads its group.
std::optional<Record> leader_record(pid_t pid, const Fields& environment) {
    const std::optional<ProcessStat> stat = read_stat(pid);
    if (!stat || stat->ended() || stat->group != pid) return std::nullopt;
    Record record;
    record.phase = Record::Phase::running;
    record.owner = environment.get("ELASTICITY_OWNER");
    record.key = environment.get("ELASTICITY_KEY");
    record.name = environment.get("ELASTICITY_NAME");
    record.tool = environment.get("ELASTICITY_TOOL");
    record.spec_hash = std::strtoull(std::string(environment.get("ELASTICITY_SPEC_HASH")).c_str(), nullptr, 10);
    record.worker = stat->id;
    record.boot = boot_id();
    record.created_unix_ms = started_unix_ms(stat->id);
    return record;
}

bool matches(const Observed& worker, const sdk::Ref& ref) {
    return (ref.key.empty() || ref.key == worker.record.key) &&
           (ref.id.empty() || ref.id == id_text(worker.record.worker));
}

std::string end_text(int exit_code) {
    if (exit_code < 0) return "ended, and nobody saw how, since its shim had been killed or the machine restarted";
    if (exit_code <= 128) return "ended with exit code " + std::to_string(exit_code);
    const int signal = exit_code - 128;
    const char* description = sigdescr_np(signal);
    return "ended by signal " + std::to_string(signal) + " (" + (description ? description : "unknown") + ")";
}

void add_end(sdk::Instance& instance, const Record& record) {
    instance.state = record.exit_code == 0 ? ELS_ST_STOPPED : ELS_ST_FAILED;
    instance.exit_code = record.exit_code;
    instance.state_since_unix_ms = record.ended_unix_ms;
    if (record.exit_code == 0) return;
    instance.error = end_text(record.exit_code);
    instance.error_code = ELS_UNKNOWN;
}

}  // namespace

std::string id_text(const ProcessId& id) {
    return std::to_string(id.pid) + ":" + std::to_string(id.start_ticks);
}

std::optional<Observed> Workers::observe(Record record) const {
    if (record.phase == Record::Phase::ended) return Observed{std::move(record)};
    std::optional<ProcessStat> process;
    if (record.boot == boot_id()) process = find_process(record.worker);
    if (process && !process->ended()) return Observed{std::move(record), process->state == 'T'};
    // The shim records the end before it lets go of the zombie, so that a second look at the record settles it.
    std::optional<Record> latest = read_record(run_dir_, record.key);
    if (!latest) return std::nullopt;
    if (latest->phase != Record::Phase::ended) {
        latest->phase = Record::Phase::ended;
        latest->exit_code = process ? exit_code_of(process->wait_status) : -1;
    }
    return Observed{std::move(*latest)};
}

std::map<std::string, Record> Workers::unrecorded(const sdk::Call& call) const {
    std::map<std::string, Record> found;
    each_environment(call, [&](pid_t pid, const Fields& environment) {
        if (environment.get("ELASTICITY_OWNER") != owner_) return;
        std::optional<Record> record = leader_record(pid, environment);
        if (!record || record->key.empty()) return;
        // A process of the worker may have made a group of its own: the worker is the oldest.
        const auto [known, is_new] = found.try_emplace(record->key, *record);
        if (!is_new && record->worker.start_ticks < known->second.worker.start_ticks) known->second = *record;
    });
    return found;
}

ObservedByKey Workers::all(const sdk::Call& call) const {
    std::map<std::string, Record> records = unrecorded(call);
    // Records are read after the processes: a worker that is recorded meanwhile is then seen twice, not never.
    for (auto& [key, record] : read_records(run_dir_))
        if (record.owner == owner_) records.insert_or_assign(key, std::move(record));
    ObservedByKey workers;
    for (auto& [key, record] : records)
        if (std::optional<Observed> worker = observe(std::move(record))) workers.emplace(key, std::move(*worker));
    return workers;
}

std::optional<Observed> Workers::find(const sdk::Call& call, const sdk::Ref& ref) const {
    std::optional<Record> record;
    if (!ref.key.empty()) record = read_record(run_dir_, ref.key);
    if (record && record->owner == owner_) {
        std::optional<Observed> worker = observe(std::move(*record));
        return worker && matches(*worker, ref) ? worker : std::nullopt;
    }
    for (auto& [key, worker] : all(call))
        if (matches(worker, ref)) return worker;
    return std::nullopt;
}

sdk::Instance to_instance(const Observed& worker) {
    const Record& record = worker.record;
    sdk::Instance instance;
    instance.key = record.key;
    instance.id = id_text(record.worker);
    instance.name = record.name;
    instance.tool = record.tool;
    instance.spec_hash = record.spec_hash;
    instance.created_unix_ms = record.created_unix_ms;
    instance.state_since_unix_ms = record.created_unix_ms;
    instance.state = record.phase == Record::Phase::starting ? ELS_ST_PROVISIONING : ELS_ST_RUNNING;
    if (worker.suspended) instance.state = ELS_ST_SUSPENDED;
    if (record.phase == Record::Phase::ended) add_end(instance, record);
    return instance;
}

}  // namespace elasticity::process
