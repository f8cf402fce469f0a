#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <vector>

#include "sdk/check/step.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity::check {
namespace {

std::vector<std::string> arguments_of(const Subject& subject, const std::string& step) {
    std::vector<std::string> arguments{"elasticity-plugin-check", "--step",  step,         "--scratch",
                                       subject.scratch,           "--owner", subject.owner};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) arguments.insert(arguments.end(), {name, value});
    };
    add("--id", subject.plugin_id);
    add("--config", subject.config_file);
    add("--spec", subject.spec_file);
    add("--settle", std::to_string(subject.settle_s));
    arguments.push_back(subject.file);
    return arguments;
}

/// What the plugin prints goes to a file. posix_spawn, since a plain fork copies the locks of other threads.
pid_t spawn_self(std::vector<std::string> arguments, const std::string& output_file) {
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_file.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // killed as one, see await()
    pid_t child = -1;
    const int error = posix_spawn(&child, "/proc/self/exe", &actions, &attributes, pointers.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? child : -1;
}

/// The beginning of a crash tells where it was, the end what it was.
std::string ends_of(const std::string& path) {
    constexpr std::size_t shown_bytes = 1'000;  // of each end
    std::ifstream file(path);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.size() > 2 * shown_bytes) text.replace(shown_bytes, text.size() - 2 * shown_bytes, "\n[...]\n");
    return sdk::valid_utf8(text);
}

/// Whether the process ended within the limit.
bool ends_within(pid_t child, std::chrono::milliseconds limit) {
    // The declaration of pidfd_open() in this C library lacks its extern "C".
    const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    if (descriptor < 0) return false;
    pollfd ended{descriptor, POLLIN, 0};
    int ready = 0;
    do {
        ready = poll(&ended, 1, static_cast<int>(limit.count()));
    } while (ready < 0 && errno == EINTR);
    close(descriptor);
    return ready == 1;
}

void await(pid_t child, StepEnd& end) {
    end.timed_out = !ends_within(child, end.limit);
    kill(-child,
         SIGKILL);  // Whatever of its process group is left; detached workers have groups of their own.
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
    if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
}

}  // namespace

std::string StepEnd::text() const {
    if (timed_out) return "took longer than " + std::to_string(limit.count() / 1000) + " s and was killed";
    if (signal != 0) return "was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
    return "ended with exit code " + std::to_string(exit_code);
}

StepEnd run_step(const Subject& subject, const std::string& step, std::chrono::milliseconds limit) {
    const std::string output_file = subject.scratch + "/output." + step;
    StepEnd end;
    end.limit = limit;
    const pid_t child = spawn_self(arguments_of(subject, step), output_file);
    if (child < 0) {
        end.verdict = Verdict{Status::fail, "no process could be started"};
        return end;
    }
    await(child, end);
    // A verdict counts only of a process that ended well: it may have crashed after it.
    if (!end.timed_out && end.signal == 0 && end.exit_code == 0)
        end.verdict = read_verdict(subject.scratch + "/verdict." + step);
    end.output = ends_of(output_file);
    return end;
}

}  // namespace elasticity::check
