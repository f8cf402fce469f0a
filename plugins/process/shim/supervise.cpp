#include "plugins/process/shim/supervise.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

namespace elasticity::process {
namespace {

Descriptor open_pidfd(pid_t pid) {
    Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) throw StepFailed("watch the worker", errno);
    return pidfd;
}

Descriptor open_child_signal() {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    Descriptor signals(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) throw StepFailed("watch for children", errno);
    return signals;
}

/// Copies what is there; false once nothing can come any more.
bool copy_output(int output, LogFile& log) {
    char chunk[4096];  // The least size that a log file can have, so that none outgrows its limit.
    const ssize_t count = read(output, chunk, sizeof chunk);
    if (count > 0) log.write(std::string_view(chunk, static_cast<std::size_t>(count)));
    return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

/// What is in the pipe now. A process that left the worker's group may hold the other end for ever.
void drain_output(int output, LogFile& log) {
    pollfd readable{output, POLLIN, 0};
    while (output >= 0 && poll(&readable, 1, 0) == 1 && copy_output(output, log)) continue;
}

/// Orphans of the worker become our children (we are their subreaper), and are to be waited for. The worker
/// itself stays a zombie until its exit is recorded.
void reap_orphans(pid_t worker) {
    siginfo_t ended{};
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
        if (ended.si_pid == worker) return;
        waitpid(ended.si_pid, nullptr, 0);
        ended = {};
    }
}

void wait_for_end(const Supervised& worker, LogFile& log) {
    const Descriptor end = open_pidfd(worker.record.worker.pid);
    const Descriptor signals = open_child_signal();
    pollfd events[] = {{end.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}, {worker.output.get(), POLLIN, 0}};
    while (events[0].revents == 0) {
        if (poll(events, 3, -1) < 0) continue;
        if (events[2].revents != 0 && !copy_output(worker.output.get(), log)) events[2].fd = -1;
        signalfd_siginfo drained{};
        while (read(signals.get(), &drained, sizeof drained) > 0) continue;
        reap_orphans(worker.record.worker.pid);
    }
}

/// -1 where the worker is not our child, since we took it over.
int exit_code_of_child(pid_t worker) {
    siginfo_t ended{};
    if (waitid(P_PID, static_cast<id_t>(worker), &ended, WEXITED | WNOWAIT) != 0) return -1;
    return ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status;
}

void end_descendants() {
    const std::string path = "/proc/self/task/" + std::to_string(getpid()) + "/children";
    for (;;) {  // Each round makes the next generation our children.
        std::istringstream children(read_file(path).value_or(""));
        pid_t child = 0;
        if (!(children >> child)) return;
        do kill(child, SIGKILL);
        while (children >> child);
        while (waitpid(-1, nullptr, 0) > 0) continue;
    }
}

void record_end(Record record, int exit_code, const std::string& run_dir) {
    record.phase = Record::Phase::ended;
    record.exit_code = exit_code;
    record.ended_unix_ms = unix_ms_now();
    write_record(run_dir, record);
}

}  // namespace

void supervise(Supervised worker, LogFile& log, const std::string& run_dir) {
    const pid_t pid = worker.record.worker.pid;
    wait_for_end(worker, log);
    const int exit_code = exit_code_of_child(pid);
    kill(-pid, SIGKILL);  // Its zombie, if it is our child, keeps the group's number from being used again.
    drain_output(worker.output.get(), log);
    record_end(worker.record, exit_code, run_dir);
    waitpid(pid, nullptr, 0);
    end_descendants();
}

}  // namespace elasticity::process
