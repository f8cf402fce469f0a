#include "core/daemon/daemon.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>

#include "core/daemon/log.hpp"
#include "core/daemon/module.hpp"
#include "core/daemon/service_manager.hpp"
#include "core/daemon/settings_change.hpp"
#include "core/daemon/version.hpp"
#include "core/io/rabbitmq/wake_event.hpp"
#include "core/io/state/durable_file.hpp"
#include "core/io/state/file_watch.hpp"
#include "core/io/state/tools_file.hpp"

namespace elasticity {
namespace {

constexpr std::uint64_t settings_bytes_max = 16ULL << 20;

enum ExitCode { exit_done = 0, exit_failed = 1, exit_wrong_settings = 2, exit_held = 3 };

Result<std::string> read_settings(const std::string& path) {
    auto file = read_file(path, settings_bytes_max);
    if (!file) return file.error();
    if (!*file) return Error{ErrorKind::not_found, path + ": there is no such file"};
    return std::move((*file)->text);
}

/// Blocks the signals in this and every later thread, and makes them readable.
FileDescriptor take_signals() {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, number);
    pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return FileDescriptor(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// Keeps one module running, and replaces it when the settings change. Workers notice nothing of either.
class Supervisor {
public:
    Supervisor(const RunOptions& options, FileDescriptor signals) : options_(options), signals_(std::move(signals)) {}

    int run() {
        const auto text = read_settings(options_.settings_file);
        if (!text) return complain(exit_wrong_settings, text.error().message);
        ParsedSettings parsed = parse_settings(*text);
        if (!parsed.errors.empty()) {
            for (const Finding& finding : parsed.errors) complain(exit_wrong_settings, options_.settings_file + ":" + finding.message);
            return exit_wrong_settings;
        }
        text_ = *text;
        start_log(parsed.settings.log);
        warn(parsed);
        auto directory = StateDir::open(parsed.settings.state_dir, options_.install_id);
        if (!directory) return complain(exit_failed, directory.error().message);
        directory_.emplace(std::move(*directory));
        return supervise(std::move(parsed.settings));
    }

private:
    static int complain(int code, const std::string& message) {
        std::cerr << "elasticity: " << message << '\n';
        return code;
    }

    void warn(const ParsedSettings& parsed) const {
        for (const Finding& finding : parsed.warnings)
            log_line(LogLevel::warning, "settings", options_.settings_file + ":" + finding.message);
    }

    int supervise(Settings settings) {
        auto settings_watch = FileWatch::open(options_.settings_file);
        if (!settings_watch) return complain(exit_failed, settings_watch.error().message);
        auto tools_watch = FileWatch::open(directory_->tools_file(), aside_suffix);
        if (!tools_watch) return complain(exit_failed, tools_watch.error().message);
        state_dir_ = settings.state_dir;
        if (const auto started = start(std::move(settings)); !started) return complain(exit_failed, started.error().message);
        log_line(LogLevel::info, "daemon", std::string("elasticity ") + version_text + " runs, install id " + directory_->install_id());
        notify_service_manager("READY=1");
        const int code = serve(*settings_watch, *tools_watch);
        notify_service_manager("STOPPING=1");
        module_.reset();
        log_line(LogLevel::info, "daemon", "ended; workers go on");
        return code;
    }

    Result<> start(Settings settings) {
        auto module = Module::start(std::move(settings), *directory_, options_.accept_empty, [this](Module::End end, const std::string& why) {
            const bool again = end == Module::End::repairable;
            log_line(again ? LogLevel::info : LogLevel::error, "daemon", why);
            (again ? start_again_ : ended_) = true;
            module_event_.notify();
        });
        if (!module) return module.error();
        module_ = std::move(*module);
        options_.accept_empty = false;  // said once, for the file that was there
        return {};
    }

    int serve(FileWatch& settings_watch, FileWatch& tools_watch) {
        for (;;) {
            pollfd items[] = {{signals_.get(), POLLIN, 0},
                              {module_event_.fd(), POLLIN, 0},
                              {settings_watch.descriptor(), POLLIN, 0},
                              {tools_watch.descriptor(), POLLIN, 0}};
            if (poll(items, std::size(items), -1) < 0 && errno != EINTR) return exit_failed;
            if (ended_) return exit_held;
            if (start_again_.exchange(false)) {
                module_event_.clear();
                if (const auto done = start_again(); !done) return complain(exit_failed, done.error().message);
            }
            bool reload = false;
            if (items[0].revents != 0 && !take_signal(reload)) return exit_done;
            if (items[2].revents != 0) reload = changed(settings_watch) || reload;
            if (items[3].revents != 0 && changed(tools_watch) && module_) module_->check_tools_file();
            if (reload)
                if (const auto done = reload_settings(); !done) return complain(exit_failed, done.error().message);
        }
    }

    /// False when the signal says to end.
    bool take_signal(bool& reload) {
        signalfd_siginfo info{};
        if (read(signals_.get(), &info, sizeof info) != sizeof info) return true;
        if (info.ssi_signo != SIGHUP) return false;
        reload = true;
        return true;
    }

    static bool changed(FileWatch& watch) {
        const auto concerned = watch.drain();
        if (!concerned) log_line(LogLevel::error, "daemon", concerned.error().message);
        return concerned && *concerned;
    }

    Result<> reload_settings() {
        const auto text = read_settings(options_.settings_file);
        if (!text) {
            log_line(LogLevel::error, "settings", text.error().message + "; the last good ones stay in force");
            return {};
        }
        if (*text == text_) return {};
        ParsedSettings parsed = parse_settings(*text);
        for (const Finding& finding : parsed.errors)
            log_line(LogLevel::error, "settings", options_.settings_file + ":" + finding.message + "; the last good ones stay in force");
        if (!parsed.errors.empty()) return {};
        if (parsed.settings.state_dir != state_dir_) {
            log_line(LogLevel::error, "settings", "state_dir cannot be changed while the daemon runs; the last good ones stay in force");
            return {};
        }
        const auto backends = backends_to_upgrade(std::exchange(text_, *text), *text);
        warn(parsed);
        if (backends && module_ && module_->upgrade_backends(parsed.settings, *backends)) {
            log_line(LogLevel::info, "settings", "changed; backends take them over one by one");
            return {};
        }
        log_line(LogLevel::info, "settings", "changed; starting again with the new ones");
        module_.reset();
        return start(std::move(parsed.settings));
    }

    /// With the settings that are in force.
    Result<> start_again() {
        module_.reset();
        return start(parse_settings(text_).settings);
    }

    RunOptions options_;
    FileDescriptor signals_;
    std::string text_;
    std::string state_dir_;
    std::optional<StateDir> directory_;
    rabbitmq::WakeEvent module_event_;  ///< one of the next two was set
    std::atomic<bool> ended_{false};
    std::atomic<bool> start_again_{false};
    std::unique_ptr<Module> module_;
};

}  // namespace

int run_daemon(const RunOptions& options) { return Supervisor(options, take_signals()).run(); }

}  // namespace elasticity
