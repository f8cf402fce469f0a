#include <boost/json.hpp>
#include <filesystem>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/json_fields.hpp"
#include "core/cli/settings_file.hpp"
#include "core/io/control/control_client.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

constexpr std::chrono::seconds answer_timeout{10};
/// For the next step: a drain ends by the setting drain_timeout_s, a day at most.
constexpr std::chrono::hours step_timeout{25};

Result<json::object> ask(ControlClient& client, const json::object& request, std::chrono::milliseconds deadline) {
    auto answer = client.call(request, deadline);
    if (!answer) return answer.error();
    if (!answer->is_object()) return Error{ErrorKind::internal, "the daemon's answer is no object"};
    const json::object& object = answer->get_object();
    if (object.contains("error")) return Error{ErrorKind::refused, text_at(object_at(object, "error"), "message")};
    return object;
}

/// The exit code of an upgrade that has settled.
ExitCode code_of(const json::object& record) {
    const std::string outcome = text_at(record, "outcome");
    if (outcome == "replaced" || outcome == "unchanged") return ExitCode::done;
    return outcome == "refused" ? ExitCode::rejected : ExitCode::failed;
}

class Follower {
public:
    Follower(ControlClient& client, Terminal& terminal, bool as_json)
        : client_(client), terminal_(terminal), as_json_(as_json) {}

    /// Prints each step as it is told, and the outcome.
    ExitCode follow(const json::value& upgrade) {
        json::array steps;
        for (;;) {
            auto news = ask(client_, {{"command", "plugin_upgrade_news"}, {"upgrade", upgrade}, {"seen", steps.size()}},
                            step_timeout);
            if (!news) return fail(terminal_, ExitCode::unreachable, news.error().message);
            for_each_object(array_at(*news, "steps"), [&](const json::object& step) {
                if (!as_json_) print_step(step);
                steps.push_back(step);
            });
            const json::value* settled = news->if_contains("settled");
            if (!settled || !settled->is_bool() || !settled->get_bool()) continue;
            (*news)["steps"] = std::move(steps);
            return end(*news);
        }
    }

private:
    void print_step(const json::object& step) {
        terminal_.err << printable(text_at(step, "phase")) << ": " << printable(text_at(step, "text")) << std::endl;
    }

    ExitCode end(const json::object& record) {
        const ExitCode code = code_of(record);
        if (as_json_)
            terminal_.out << record << std::endl;
        else if (code == ExitCode::done)
            terminal_.out << printable(text_at(record, "outcome") + ": " + text_at(record, "reason")) << std::endl;
        else
            return fail(terminal_, code, text_at(record, "outcome") + ": " + text_at(record, "reason"));
        return code;
    }

    ControlClient& client_;
    Terminal& terminal_;
    const bool as_json_;
};

}  // namespace

ExitCode plugin_upgrade(const CommonArguments& common, const PluginUpgradeArguments& arguments, Terminal& terminal) {
    const auto settings = load_settings(common.settings_file, terminal);
    if (!settings) return ExitCode::usage;
    auto client = ControlClient::connect(std::filesystem::path(settings->state_dir) / "control.sock");
    if (!client) return fail(terminal, ExitCode::unreachable, client.error().message);
    json::object request{{"command", "plugin_upgrade"}, {"backend", arguments.backend}, {"force", arguments.force}};
    if (!arguments.file.empty()) request["file"] = std::filesystem::absolute(arguments.file).string();
    const auto begun = ask(*client, request, answer_timeout);
    if (!begun) {
        const bool is_refused = begun.error().kind == ErrorKind::refused;
        return fail(terminal, is_refused ? ExitCode::rejected : ExitCode::unreachable, begun.error().message);
    }
    return Follower(*client, terminal, common.json).follow(begun->at("upgrade"));
}

}  // namespace elasticity::cli
