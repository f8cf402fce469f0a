/// Runs a program of a provider, such as its command line client, the way a call of the core wants it: within
/// the deadline, ended when cancelled, and without a shell. Not part of plugin.hpp.
#pragma once
#include <elasticity/sdk/call.hpp>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {

/// What a program left when it ended.
struct ProgramResult {
    int exit_code = 0;   ///< 128 + n: ended by signal n
    std::string output;  ///< its standard output
    std::string errors;  ///< its standard error
};

/// A worker's variables, secret ones too, in the form that programs take.
inline std::vector<std::string> environment_of(const Spec& spec) {
    std::vector<std::string> environment;
    for (const Variable& each : spec.env)
        environment.push_back(std::string(each.key) + "=" + std::string(each.value));
    return environment;
}

namespace detail {

constexpr std::size_t program_output_bytes_max = 16 << 20;

class OwnedDescriptor {
public:
    explicit OwnedDescriptor(int number = -1) noexcept : number_(number) {}
    OwnedDescriptor(OwnedDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~OwnedDescriptor() { close(); }
    int get() const noexcept { return number_; }
    void close() noexcept {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
    }

private:
    int number_;
};

inline Error program_error(const std::string& program, const char* what, int number) {
    return Error(ELS_UNAVAILABLE, program + ": " + what + ": " + std::strerror(number), ELS_ERR_RETRY_SAME);
}

/// A pipe whose reading end never blocks. Neither end is handed to other programs.
struct Pipe {
    OwnedDescriptor read_end, write_end;

    explicit Pipe(const std::string& program) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw program_error(program, "no pipe", errno);
        read_end = OwnedDescriptor(ends[0]);
        write_end = OwnedDescriptor(ends[1]);
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }

    /// Appends what is there. At the end, or when there is more than anybody should print, it closes the pipe:
    /// the program then gets SIGPIPE.
    void drain(std::string& text) {
        std::array<char, 4096> part;
        while (read_end.get() >= 0) {
            const ssize_t count = ::read(read_end.get(), part.data(), part.size());
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (count > 0) text.append(part.data(), static_cast<std::size_t>(count));
            if (count <= 0 || text.size() > program_output_bytes_max) read_end.close();
        }
    }
};

inline std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

/// How the program starts: no input, our pipes, a process group of its own, and none of the signals that the
/// host blocks or ignores: both would outlive execve().
class SpawnPlan {
public:
    SpawnPlan(int output, int errors) {
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_,
                                 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions_, output, 1);
        posix_spawn_file_actions_adddup2(&actions_, errors, 2);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    pid_t run(const std::vector<std::string>& words, const std::vector<std::string>& environment) const {
        pid_t pid = -1;
        const int code = ::posix_spawn(&pid, words.at(0).c_str(), &actions_, &attributes_,
                                       pointers_to(words).data(), pointers_to(environment).data());
        if (code != 0) throw program_error(words[0], "cannot be run", code);
        return pid;
    }

private:
    posix_spawnattr_t attributes_;
    posix_spawn_file_actions_t actions_;
};

/// A child process. The destructor ends it with its group, if it still runs, and takes its exit status.
class Child {
public:
    /// glibc declares pidfd_open() only since 2.36, and for C alone.
    explicit Child(pid_t pid) : pid_(pid), end_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) (void)kill_and_wait();
    }

    /// Readable once the process has ended.
    int end_descriptor() const noexcept { return end_.get(); }

    int exit_code() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
        pid_ = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    int kill_and_wait() {
        ::kill(-pid_, SIGKILL);
        return exit_code();
    }

    pid_t pid_;
    OwnedDescriptor end_;
};

}  // namespace detail

/// Runs `words[0]`, a path, with the rest as its arguments and exactly `environment` ("NAME=value"), and waits
/// for its end. When the call is cancelled or its deadline passes, the program and its process group are killed,
/// and Error is thrown with ELS_ERR_MAYBE_DONE: it may have done its work. What it left in the background, in a
/// session of its own, goes on. Blocks; any thread.
inline ProgramResult run_program(const Call& call, const std::vector<std::string>& words,
                                 const std::vector<std::string>& environment) {
    call.check();
    detail::Pipe output(words.at(0)), errors(words.at(0));
    const detail::SpawnPlan plan(output.write_end.get(), errors.write_end.get());
    detail::Child child(plan.run(words, environment));
    output.write_end.close();
    errors.write_end.close();

    ProgramResult result;
    for (bool has_ended = false; !has_ended;) {
        std::array<pollfd, 4> events{{{child.end_descriptor(), POLLIN, 0},
                                      {call.cancel_fd(), POLLIN, 0},
                                      {output.read_end.get(), POLLIN, 0},
                                      {errors.read_end.get(), POLLIN, 0}}};
        const auto patience_ms = std::min<std::int64_t>(call.remaining().count(), 3'600'000);
        ::poll(events.data(), events.size(), static_cast<int>(patience_ms));
        call.check(ELS_ERR_MAYBE_DONE);
        has_ended = (events[0].revents & POLLIN) != 0;
        output.drain(result.output);
        errors.drain(result.errors);
    }
    result.exit_code = child.exit_code();
    return result;
}

}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
