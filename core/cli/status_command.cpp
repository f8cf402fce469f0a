#include <boost/json.hpp>
#include <csignal>
#include <ctime>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/json_fields.hpp"
#include "core/cli/settings_file.hpp"
#include "core/cli/status_text.hpp"
#include "core/io/control/control_client.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

constexpr std::chrono::seconds answer_timeout{10};
constexpr timespec watch_interval{1, 0};

/// Waits for the next look; false when SIGINT or SIGTERM came instead.
bool next_look() {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, nullptr);  // from now on they are only asked for here
    return sigtimedwait(&ends, nullptr, &watch_interval) < 0;
}

Result<json::object> ask_daemon(const std::filesystem::path& socket_path) {
    auto client = ControlClient::connect(socket_path);
    if (!client) return client.error();
    auto answer = client->call({{"command", "status"}}, answer_timeout);
    if (!answer) return answer.error();
    if (!answer->is_object()) return Error{ErrorKind::unavailable, "the daemon's answer is no JSON object"};
    if (answer->get_object().contains("error"))
        return Error{ErrorKind::unavailable, text_at(object_at(answer->get_object(), "error"), "message")};
    return std::move(answer->get_object());
}

class Status {
public:
    Status(const CommonArguments& common, const StatusArguments& arguments, Terminal& terminal)
        : common_(common), arguments_(arguments), terminal_(terminal) {}

    ExitCode run() {
        const auto settings = load_settings(common_.settings_file, terminal_);
        if (!settings) return ExitCode::usage;
        if (!arguments_.target.empty()) {
            const auto target = find_target(*settings, arguments_.target);
            if (!target) return fail(terminal_, target.error());
            target_url_ = (*target)->target.display_url();
        }
        const std::filesystem::path socket_path = std::filesystem::path(settings->state_dir) / "control.sock";
        ExitCode code = show_once(socket_path);
        while (arguments_.watch && code == ExitCode::done) {
            code = next_look() ? show_once(socket_path) : ExitCode::interrupted;
        }
        return code;
    }

private:
    ExitCode show_once(const std::filesystem::path& socket_path) {
        auto answer = ask_daemon(socket_path);
        if (!answer) return fail(terminal_, ExitCode::unreachable, answer.error().message);
        keep_tools(*answer, arguments_.tool, target_url_);
        if (!arguments_.tool.empty() && array_at(*answer, "tools").empty())
            return fail(terminal_, ExitCode::failed,
                        "no tool '" + arguments_.tool + "' is deployed" +
                            (target_url_.empty() ? "" : " on " + target_url_));
        print(*answer);
        return ExitCode::done;
    }

    void print(const json::object& answer) {
        if (common_.json) {
            terminal_.out << answer << std::endl;
            return;
        }
        if (arguments_.watch && terminal_.is_live) terminal_.out << "\x1b[H\x1b[2J";
        terminal_.out << to_text(answer, !arguments_.tool.empty(), terminal_.is_live ? terminal_.columns : 0)
                      << std::flush;
    }

    const CommonArguments& common_;
    const StatusArguments& arguments_;
    Terminal& terminal_;
    std::string target_url_;
};

}  // namespace

ExitCode status(const CommonArguments& common, const StatusArguments& arguments, Terminal& terminal) {
    return Status(common, arguments, terminal).run();
}

}  // namespace elasticity::cli
