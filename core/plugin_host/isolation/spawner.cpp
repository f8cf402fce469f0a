#include "core/plugin_host/isolation/spawner.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <functional>
#include <future>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "core/plugin_host/isolation/pidfd.hpp"

namespace elasticity {
namespace {

/// A child that has not read for so long will not, and one that has begun a message ends it sooner.
constexpr timeval stuck_after{5, 0};

Error cannot(const char* what, int error_number) {
    return {ErrorKind::unavailable, std::string("cannot ") + what + ": " + std::strerror(error_number)};
}

/// Above the numbers that the child's descriptors get, so that none of them is overwritten before it is copied.
FileDescriptor out_of_the_way(int descriptor) {
    const FileDescriptor given(descriptor);
    return FileDescriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 10));
}

struct Ends {
    FileDescriptor ours, childs;
};

Result<Ends> make_socket() {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return cannot("make a socket", errno);
    Ends ends{FileDescriptor(pair[0]), out_of_the_way(pair[1])};
    if (!ends.childs) return cannot("make a socket", errno);
    for (const int option : {SO_SNDTIMEO, SO_RCVTIMEO})
        if (setsockopt(pair[0], SOL_SOCKET, option, &stuck_after, sizeof stuck_after) != 0)
            return cannot("limit the time that a socket takes", errno);
    return ends;
}

Result<Ends> make_output() {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0) return cannot("make a pipe", errno);
    Ends ends{FileDescriptor(pair[0]), out_of_the_way(pair[1])};
    if (!ends.childs || fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) return cannot("make a pipe", errno);
    return ends;
}

/// What posix_spawn is told; frees it.
class Plan {
public:
    Plan(int socket, int output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, socket, plugin_host_descriptor);
        posix_spawn_file_actions_addclosefrom_np(&actions_, plugin_host_descriptor + 1);
        posix_spawnattr_init(&attributes_);
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        // A group of its own: Ctrl-C at a terminal is for the daemon, which then ends its children in order.
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_,
                                 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    ~Plan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;

    Result<pid_t> run(const std::string& program, std::vector<std::string> words) const {
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        pid_t pid = -1;
        const int failed = posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments.data(), environ);
        if (failed != 0) return cannot(("start " + program).c_str(), failed);
        return pid;
    }

private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

Result<SpawnedProcess> spawn(const std::string& program, const std::string& backend) {
    auto socket = make_socket();
    if (!socket) return socket.error();
    auto output = make_output();
    if (!output) return output.error();
    const Plan plan(socket->childs.get(), output->childs.get());
    const auto pid =
        plan.run(program, {"elasticity", "plugin-host", "--parent", std::to_string(getpid()), backend});
    if (!pid) return pid.error();
    // Nobody else reaps it, so that the number cannot be another process's yet.
    FileDescriptor pidfd(pidfd_open(*pid, 0));
    if (!pidfd) {
        const int reason = errno;
        kill(*pid, SIGKILL);
        waitpid(*pid, nullptr, 0);
        return cannot("watch a process", reason);
    }
    return SpawnedProcess{*pid, std::move(pidfd), std::move(socket->ours), std::move(output->ours)};
}

/// Runs tasks, one after the other, on a thread that never ends.
class PermanentThread {
public:
    PermanentThread() {
        std::thread([this] { work(); }).detach();
    }

    void post(std::function<void()> task) {
        {
            const std::scoped_lock lock(mutex_);
            tasks_.push(std::move(task));
        }
        changed_.notify_one();
    }

private:
    [[noreturn]] void work() {
        for (;;) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return !tasks_.empty(); });
            const std::function<void()> task = std::move(tasks_.front());
            tasks_.pop();
            lock.unlock();
            task();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::queue<std::function<void()>> tasks_;
};

}  // namespace

Result<SpawnedProcess> spawn_plugin_host(const std::string& program, const std::string& backend) {
    static auto& thread = *new PermanentThread;  // Never destroyed: its thread uses it until the process ends.
    std::promise<Result<SpawnedProcess>> done;
    thread.post([&] { done.set_value(spawn(program, backend)); });
    return done.get_future().get();
}

}  // namespace elasticity
