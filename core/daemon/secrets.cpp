#include "core/daemon/secrets.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/file_descriptor.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::size_t secret_bytes_max = 65536;
constexpr std::chrono::seconds command_deadline{10};

Error unreadable(std::string message) { return {ErrorKind::unavailable, "secret: " + std::move(message)}; }

std::string without_line_break(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

Result<std::string> from_file(const std::string& path) {
    auto file = read_file(path, secret_bytes_max);
    if (!file) return unreadable(file.error().message);
    if (!*file) return unreadable(path + ": there is no such file");
    return without_line_break(std::move((*file)->text));
}

Result<std::string> from_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (!value) return unreadable("the environment variable " + name + " is not set");
    return std::string(value);
}

/// A child that is killed and reaped when it is given up.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        wait();
    }

    int wait() {
        int status = 0;
        while (waitpid(std::exchange(pid_, -1), &status, 0) < 0 && errno == EINTR) {
        }
        return status;
    }

private:
    pid_t pid_;
};

Result<pid_t> spawn(const std::vector<std::string>& words, int output) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    pid_t pid = -1;
    const int failed = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return unreadable("cannot run " + words.front() + ": " + std::strerror(failed));
    return pid;
}

/// Reads until the end, the limit or the deadline.
Result<std::string> read_all(int descriptor, const std::string& program) {
    const auto end = std::chrono::steady_clock::now() + command_deadline;
    std::string text;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd item{descriptor, POLLIN, 0};
        const int ready = left.count() > 0 ? poll(&item, 1, static_cast<int>(left.count())) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return unreadable(program + " did not answer within 10 s");
        char buffer[4096];
        const ssize_t got = read(descriptor, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return unreadable("cannot read from " + program + ": " + std::strerror(errno));
        if (got == 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > secret_bytes_max) return unreadable(program + " printed more than 64 KiB");
    }
}

Result<std::string> from_command(const json::array& command) {
    std::vector<std::string> words;
    for (const json::value& word : command) words.emplace_back(word.as_string());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return unreadable(std::string("cannot make a pipe: ") + std::strerror(errno));
    const FileDescriptor input(ends[0]);
    FileDescriptor output(ends[1]);
    const auto pid = spawn(words, output.get());
    if (!pid) return pid.error();
    Child child(*pid);
    output = FileDescriptor();
    auto text = read_all(input.get(), words.front());
    if (!text) return text.error();
    const int status = child.wait();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return unreadable(words.front() + " failed");
    return without_line_break(std::move(*text));
}

}  // namespace

Result<std::string> resolve_secret(std::string_view reference_json) {
    json::error_code failed;
    const json::value reference = json::parse(reference_json, failed);
    const json::object* object = failed ? nullptr : reference.if_object();
    if (!object || object->size() != 1) return unreadable("its reference is not understood");
    const auto& only = *object->begin();
    if (only.key() == "file" && only.value().is_string()) return from_file(std::string(only.value().get_string()));
    if (only.key() == "env" && only.value().is_string()) return from_environment(std::string(only.value().get_string()));
    if (only.key() == "command" && only.value().is_array()) return from_command(only.value().get_array());
    return unreadable("its reference is not understood");
}

}  // namespace elasticity
