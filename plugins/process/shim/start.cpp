#include "plugins/process/shim/start.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "plugins/process/shim/worker_process.hpp"

namespace elasticity::process {
namespace {

struct Pipe {
    Descriptor read_end, write_end;
};

Pipe make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw StepFailed("make a pipe", errno);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// The worker's end of the output can be read from as well, so that a write never meets a pipe without a
/// reader: a worker whose shim is killed gets no SIGPIPE, and the pipe holds its output until another shim
/// takes over.
Descriptor open_worker_end(const Pipe& output) {
    const std::string path = "/proc/self/fd/" + std::to_string(output.write_end.get());
    Descriptor end(open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!end) throw StepFailed("open the output pipe", errno);
    return end;
}

/// Until the pipe closes (the program runs) or a failure comes.
ChildFailure await_exec(int failure_pipe) {
    ChildFailure failure;
    for (;;) {
        const ssize_t count = read(failure_pipe, &failure, sizeof failure);
        if (count >= 0) return failure;
        if (errno != EINTR) return {errno, "hear from the child"};
    }
}

ProcessId id_of(pid_t pid) {
    const std::optional<ProcessStat> stat = read_stat(pid);
    if (!stat) throw StepFailed("read the child's start time", ESRCH);
    return stat->id;
}

/// A child that did not become the worker. It has no effect yet but its record.
void undo(pid_t child, const Request& request) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    remove_record(request.run_dir, request.worker.key);
}

void record_and_run(pid_t child, Record& record, const Request& request, Pipe& go_ahead, Pipe& failure) {
    setpgid(child, child);  // As the child does: whoever is first, the group is there before the record.
    record.worker = id_of(child);
    write_record(request.run_dir, record);
    failure.write_end.reset();
    if (write(go_ahead.write_end.get(), "!", 1) != 1) throw StepFailed("start the child", errno);
    const ChildFailure failed = await_exec(failure.read_end.get());
    if (failed.error_number != 0) throw StepFailed(failed.step, failed.error_number);
    record.phase = Record::Phase::running;
    write_record(request.run_dir, record);
}

Record new_record(const Request& request) {
    Record record = request.worker;
    record.phase = Record::Phase::starting;
    record.shim = id_of(getpid());
    record.boot = boot_id();
    record.created_unix_ms = unix_ms_now();
    return record;
}

}  // namespace

Supervised start_worker(const Request& request) {
    Pipe output = make_pipe(), go_ahead = make_pipe(), failure = make_pipe();
    const Descriptor worker_end = open_worker_end(output);
    Supervised started{new_record(request), {}};
    const pid_t child = fork();
    if (child < 0) throw StepFailed("fork", errno);
    if (child == 0) {
        go_ahead.write_end.reset();  // Or our own copy would hide that the shim died.
        become_worker(request, {go_ahead.read_end.get(), worker_end.get(), failure.write_end.get()});
    }
    try {
        record_and_run(child, started.record, request, go_ahead, failure);
    } catch (...) {
        undo(child, request);
        throw;
    }
    started.output = std::move(output.read_end);
    return started;
}

Supervised take_over_worker(const Request& request) {
    Supervised taken{request.worker, {}};
    const std::string path = "/proc/" + std::to_string(request.worker.worker.pid) + "/fd/1";
    // A worker that has closed or redirected its output has nothing for us.
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode))
        taken.output = Descriptor(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    taken.record.phase = Record::Phase::running;
    taken.record.shim = id_of(getpid());
    taken.record.boot = boot_id();
    write_record(request.run_dir, taken.record);
    return taken;
}

}  // namespace elasticity::process
