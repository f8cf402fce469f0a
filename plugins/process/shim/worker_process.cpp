#include "plugins/process/shim/worker_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace elasticity::process {
namespace {

class Child {
public:
    explicit Child(int failure_pipe) : failure_pipe_(failure_pipe) {}

    void require(bool done, const char* step) const {
        if (done) return;
        ChildFailure failure;
        failure.error_number = errno;
        strncpy(failure.step, step, sizeof failure.step - 1);
        // Where even this cannot be written, the shim is gone and nobody is left to tell.
        [[maybe_unused]] const ssize_t written = write(failure_pipe_, &failure, sizeof failure);
        _exit(127);
    }

private:
    int failure_pipe_;
};

void reset_signals() {
    // Not by signal(), which refuses the two signals that are glibc's own, and that its posix_spawn leaves
    // ignored. SIGKILL's and SIGSTOP's refusal is fine.
    constexpr unsigned long default_action[4] = {};  // The kernel's struct: handler, flags, restorer, mask.
    for (int number = 1; number < NSIG; ++number)
        syscall(SYS_rt_sigaction, number, default_action, nullptr, sizeof(unsigned long));
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// A hard limit that we may not raise stays as low as it is.
bool apply(const ResourceLimit& wanted) {
    rlimit current{};
    if (getrlimit(wanted.resource, &current) != 0) return false;
    rlimit limit{wanted.soft, wanted.hard};
    if (setrlimit(wanted.resource, &limit) == 0) return true;
    limit.rlim_max = std::min<rlim_t>(limit.rlim_max, current.rlim_max);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, limit.rlim_max);
    return setrlimit(wanted.resource, &limit) == 0;
}

/// Back to 0 where the daemon is protected from the out-of-memory killer; lowering needs a privilege, and
/// then the worker keeps what it got.
void reset_oom_score() {
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    [[maybe_unused]] const ssize_t written = write(file, "0", 1);
    close(file);
}

bool change_user(const Request& request) {
    return setgroups(request.groups.size(), request.groups.data()) == 0 &&
           setresgid(request.group, request.group, request.group) == 0 &&
           setresuid(request.user, request.user, request.user) == 0;
}

bool redirect(int output) {
    const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
           dup2(output, STDERR_FILENO) >= 0;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

}  // namespace

void become_worker(const Request& request, const ChildPipes& pipes) {
    const Child child(pipes.failure);
    setpgid(0, 0);
    char go_ahead = 0;
    if (read(pipes.go_ahead, &go_ahead, 1) != 1) _exit(127);
    reset_signals();
    reset_oom_score();
    umask(022);
    for (const ResourceLimit& limit : request.limits) child.require(apply(limit), "set a resource limit");
    child.require(redirect(pipes.output), "redirect the output");
    child.require(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0, "close the descriptors");
    if (request.change_user) child.require(change_user(request), "change to the configured user");
    child.require(chdir(request.working_directory.c_str()) == 0, step_directory);
    execve(request.program.c_str(), pointers(request.arguments).data(), pointers(request.environment).data());
    child.require(false, step_execute);
    __builtin_unreachable();
}

}  // namespace elasticity::process
