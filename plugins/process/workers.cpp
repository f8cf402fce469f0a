#include "plugins/process/workers.hpp"

#include <poll.h>
#include <string.h>

#include <charconv>
#include <filesystem>
#include <set>
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

/// Calls visit(pid, environment) for each of these processes that has one. Those inside execve are looked at
/// again.
template <class Visit>
void each_environment(const sdk::Call& call, std::vector<pid_t> pids, Visit visit) {
    constexpr int rounds_max = 1000;
    for (int round = 0; !pids.empty(); ++round) {
        if (round == rounds_max)
            throw sdk::Error(
                ELS_UNAVAILABLE,
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
    record.spec_hash =
        std::strtoull(std::string(environment.get("ELASTICITY_SPEC_HASH")).c_str(), nullptr, 10);
    record.worker = stat->id;
    record.boot = boot_id();
    record.created_unix_ms = started_unix_ms(stat->id);
    return record;
}

/// Processes that need no look, as they are known to be workers of ours or their shims.
std::set<pid_t> known_pids(const ObservedByKey& workers) {
    std::set<pid_t> known;
    for (const auto& [key, worker] : workers) {
        if (worker.record.phase != Record::Phase::ended) known.insert(worker.record.worker.pid);
        if (worker.has_shim) known.insert(worker.record.shim.pid);
    }
    return known;
}

bool matches(const Observed& worker, const sdk::Ref& ref) {
    return (ref.key.empty() || ref.key == worker.record.key) &&
           (ref.id.empty() || ref.id == id_text(worker.record.worker));
}

std::string end_text(int exit_code) {
    if (exit_code < 0)
        return "ended, and nobody saw how, since its shim had been killed or the machine restarted";
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
    if (process && !process->ended()) {
        const bool has_shim = is_alive(record.shim);
        return Observed{std::move(record), process->state == 'T', has_shim};
    }
    // The shim records the end before it lets go of the zombie, so that a second look at the record settles
    // it.
    std::optional<Record> latest = read_record(run_dir_, record.key);
    if (!latest) return std::nullopt;
    if (latest->phase != Record::Phase::ended) {
        latest->phase = Record::Phase::ended;
        latest->exit_code = process ? exit_code_of(process->wait_status) : -1;
        latest->ended_unix_ms = process ? unix_ms_now() : 0;  // A zombie has only just ended.
    }
    return Observed{std::move(*latest)};
}

ObservedByKey Workers::recorded() const {
    ObservedByKey workers;
    for (auto& [key, record] : read_records(run_dir_)) {
        if (record.owner != owner_) continue;
        if (std::optional<Observed> worker = observe(std::move(record)))
            workers.emplace(key, std::move(*worker));
    }
    return workers;
}

std::optional<Observed> Workers::recorded(std::string_view key) const {
    std::optional<Record> record = read_record(run_dir_, key);
    return record && record->owner == owner_ ? observe(std::move(*record)) : std::nullopt;
}

ObservedByKey Workers::unrecorded(const sdk::Call& call, const ObservedByKey& recorded) const {
    std::vector<pid_t> pids = all_pids();
    std::erase_if(pids, [known = known_pids(recorded)](pid_t pid) { return known.contains(pid); });
    ObservedByKey found;
    each_environment(call, std::move(pids), [&](pid_t pid, const Fields& environment) {
        if (environment.get("ELASTICITY_OWNER") != owner_) return;
        std::optional<Record> record = leader_record(pid, environment);
        // A record may have come since; and what a worker leaves behind has its environment, and is no
        // worker.
        if (!record || record->key.empty() || recorded.contains(record->key)) return;
        if (read_record(run_dir_, record->key)) return;
        // A process of the worker may have made a group of its own: the worker is the oldest.
        const auto [known, is_new] = found.try_emplace(record->key, Observed{*record});
        const bool is_older = record->worker.start_ticks < known->second.record.worker.start_ticks;
        if (!is_new && is_older) known->second.record = *record;
    });
    return found;
}

/// Lies in the folder of the records, so that it goes with them when they are lost.
std::string Workers::survey_file() const { return run_dir_ + "/" + owner_ + ".surveyed"; }

/// True once a look at the whole machine found, in this boot, every worker recorded: from then on each worker
/// is recorded before its program begins.
bool Workers::records_are_complete() const { return read_file(survey_file()) == boot_id(); }

ObservedByKey Workers::all(const sdk::Call& call) const {
    ObservedByKey workers = recorded();
    ObservedByKey others = unrecorded(call, workers);
    if (others.empty() && !records_are_complete()) write_file(survey_file(), boot_id());
    workers.merge(others);
    return workers;
}

std::optional<Observed> Workers::find(const sdk::Call& call, const sdk::Ref& ref) const {
    if (!ref.key.empty()) {
        std::optional<Observed> worker = recorded(ref.key);
        if (worker || records_are_complete()) return worker && matches(*worker, ref) ? worker : std::nullopt;
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
