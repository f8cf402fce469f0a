#include "sdk/check/process_state.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <filesystem>
#include <fstream>

namespace elasticity::check {
namespace {

namespace fs = std::filesystem;

std::string umask_line() {
    // umask() can only be read by changing it, which other threads would see.
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("Umask:")) return line;
    return "Umask: unknown";
}

std::string signal_line(int number, const struct sigaction& action) {
    const bool is_default = action.sa_handler == SIG_DFL, is_ignored = action.sa_handler == SIG_IGN;
    return "signal " + std::to_string(number) + ": " +
           (is_default   ? "default"
            : is_ignored ? "ignored"
                         : "handled");
}

}  // namespace

std::set<std::string> open_descriptors() {
    std::set<std::string> descriptors;
    const fs::path folder = "/proc/self/fd";
    const std::string own = "/proc/" + std::to_string(getpid()) + "/fd";  // the iterator's
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        std::error_code error;
        const std::string target = fs::read_symlink(entry.path(), error).string();
        if (!error && target != own) descriptors.insert(entry.path().filename().string() + " -> " + target);
    }
    return descriptors;
}

std::size_t thread_count() {
    const fs::directory_iterator threads("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(threads), end(threads)));
}

bool has_zombie() {
    siginfo_t ended{};
    return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0;
}

std::vector<std::string> process_settings() {
    std::vector<std::string> lines{"working directory: " + fs::current_path().string(), umask_line(),
                                   std::string("locale: ") + std::setlocale(LC_ALL, nullptr)};
    for (char** variable = environ; *variable != nullptr; ++variable)
        lines.push_back("environment: " + std::string(*variable).substr(0, std::string(*variable).find('=')));
    for (int number = 1; number < SIGRTMIN; ++number) {
        struct sigaction action {};
        if (sigaction(number, nullptr, &action) == 0) lines.push_back(signal_line(number, action));
    }
    return lines;
}

std::string added(const std::set<std::string>& before, const std::set<std::string>& after) {
    std::string text;
    for (const std::string& entry : after)
        if (!before.contains(entry)) text += (text.empty() ? "" : ", ") + entry;
    return text;
}

}  // namespace elasticity::check
