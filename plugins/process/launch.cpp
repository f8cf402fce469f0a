#include "plugins/process/launch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "plugins/process/common/descriptor.hpp"

namespace elasticity::process {
namespace {

sdk::Error cannot(const std::string& action, int error_number) {
    return sdk::Error(ELS_RESOURCE_EXHAUSTED,
                      "cannot " + action + ": " + std::generic_category().message(error_number),
                      ELS_ERR_RETRY_SAME | ELS_ERR_NEXT_BACKEND);
}

/// A file in memory, without a name: the request holds secrets.
Descriptor to_memory_file(const std::string& text) {
    Descriptor file(memfd_create("elasticity-request", MFD_CLOEXEC));
    if (!file) throw cannot("make a request", errno);
    if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw cannot("write a request", errno);
    lseek(file.get(), 0, SEEK_SET);
    return file;
}

/// systemd-run finds its manager by these. Nothing else of the daemon's environment goes any further.
std::vector<std::string> launcher_environment() {
    std::vector<std::string> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    for (const char* name : {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"})
        if (const char* value = getenv(name)) environment.push_back(std::string(name) + "=" + value);
    return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

/// Ends and reaps the launcher. By the time of a reply it has ended by itself.
class Launcher {
public:
    explicit Launcher(pid_t pid) : pid_(pid) {}
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;
    ~Launcher() {
        kill(pid_, SIGKILL);
        while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
    }

private:
    pid_t pid_;
};

pid_t spawn(std::vector<std::string> command, int request, int reply) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, request, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, reply, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, reply, STDERR_FILENO);
    std::vector<std::string> environment = launcher_environment();
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, command[0].c_str(), &actions, nullptr, pointers(command).data(),
                                   pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT || error == EACCES)
        throw sdk::Error(ELS_FAILED_PRECONDITION,
                         "cannot start " + command[0] + ": " + std::generic_category().message(error));
    if (error != 0) throw cannot("start " + command[0], error);
    return pid;
}

std::string read_until_end(const sdk::Call& call, int reply) {
    std::string text;
    pollfd events[] = {{reply, POLLIN, 0}, {call.cancel_fd(), POLLIN, 0}};
    for (;;) {
        call.check(ELS_ERR_MAYBE_DONE);
        if (poll(events, 2, static_cast<int>(call.remaining().count())) <= 0 || events[0].revents == 0)
            continue;
        char chunk[512];
        const ssize_t count = read(reply, chunk, sizeof chunk);
        if (count == 0) return text;
        if (count > 0) text.append(chunk, static_cast<std::size_t>(count));
    }
}

}  // namespace

Detachment best_detachment() {
    namespace fs = std::filesystem;
    std::error_code unreadable;
    if (!fs::exists("/run/systemd/system", unreadable)) return Detachment::session;
    if (geteuid() == 0) return Detachment::system_scope;
    const char* runtime = getenv("XDG_RUNTIME_DIR");
    const bool has_manager =
        runtime != nullptr && fs::exists(fs::path(runtime) / "systemd/private", unreadable);
    return has_manager ? Detachment::user_scope : Detachment::session;
}

std::vector<std::string> launch_command(Detachment detachment, const std::string& shim,
                                        std::string_view owner, std::string_view key) {
    if (detachment == Detachment::session) return {shim};
    // Two installations on one machine may use one key, so that the unit's name begins with the owner.
    const std::string unit = "elasticity-" + std::string(owner.substr(0, 8)) + "-" + std::string(key);
    std::vector<std::string> command = {"systemd-run", "--quiet", "--collect", "--scope", "--unit=" + unit};
    if (detachment == Detachment::user_scope) command.push_back("--user");
    command.insert(command.end(), {"--", shim});
    return command;
}

Reply launch(const sdk::Call& call, const std::vector<std::string>& command, const Request& request) {
    const Descriptor request_file = to_memory_file(to_fields(request).text());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw cannot("make a pipe", errno);
    const Descriptor reply(ends[0]);
    Descriptor reply_end(ends[1]);
    const Launcher launcher(spawn(command, request_file.get(), reply_end.get()));
    reply_end.reset();
    return to_reply(read_until_end(call, reply.get()));
}

}  // namespace elasticity::process
