/// elasticity-process-shim: stands between the daemon, which may come and go, and one worker, which stays.
/// It starts the worker, carries its output to rotated log files and records how it ended. Nobody is to call
/// it by hand: it reads a request from its standard input (plugins/process/common/protocol.hpp).
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "plugins/process/shim/key_lock.hpp"
#include "plugins/process/shim/supervise.hpp"

namespace elasticity::process {
namespace {

Request read_request() {
    std::optional<std::string> text = read_file("/proc/self/fd/0");
    if (!text) throw StepFailed("read the request", EBADF);
    Request request = to_request(Fields(std::move(*text)));
    if (request.worker.key.empty()) throw StepFailed("read the request", EINVAL);
    return request;
}

/// Leaves the daemon: own session, child of init, deaf to what is sent to the daemon's group, and without any
/// descriptor of it but the reply pipe. A signal that ends a whole scope is for the worker; we go when it
/// went.
void detach() {
    const pid_t child = fork();
    if (child < 0) throw StepFailed("fork", errno);
    if (child > 0) _exit(0);
    setsid();
    close_range(3, ~0u, 0);
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2})
        signal(number, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_SETMASK, &blocked, nullptr);
    umask(027);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (chdir("/") != 0) throw StepFailed("enter /", errno);
}

/// The end of file on the reply pipe is part of the reply.
void reply(const Reply& answer) {
    const std::string text = to_text(answer);
    // Nobody may wait for it any more, and that is fine: the record tells the same.
    [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    const Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), number);
}

/// A worker to be taken over is known too, but its shim is not alive.
bool is_taken(const Request& request) {
    const std::optional<Record> known = read_record(request.run_dir, request.worker.key);
    if (!request.supervise_only) return known.has_value();
    if (known && known->phase == Record::Phase::ended) return true;
    return !is_alive(request.worker.worker) || (known && is_alive(known->shim));
}

int run() {
    const Request request = read_request();
    detach();
    KeyLock lock(request.run_dir, request.worker.key);
    if (is_taken(request)) {
        reply({Reply::Result::known, {}, 0, {}});
        return 0;
    }
    Supervised worker = request.supervise_only ? take_over_worker(request) : start_worker(request);
    lock.unlock();
    reply({Reply::Result::started, {}, 0, {}});
    LogFile log(request.worker.log_file, request.log_bytes_max, request.log_files_max);
    supervise(std::move(worker), log, request.run_dir);
    return 0;
}

}  // namespace
}  // namespace elasticity::process

int main() {
    using namespace elasticity::process;
    try {
        return run();
    } catch (const StepFailed& failed) {
        reply({Reply::Result::failed, failed.step, failed.code().value(), {}});
    } catch (const std::system_error& failed) {
        reply({Reply::Result::failed, failed.what(), failed.code().value(), {}});
    } catch (const std::exception& failed) {
        reply({Reply::Result::failed, failed.what(), EINVAL, {}});
    }
    return 1;
}
