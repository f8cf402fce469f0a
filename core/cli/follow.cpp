#include "core/cli/follow.hpp"

#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <optional>
#include <ostream>

#include "core/cli/progress.hpp"
#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/reply_queue.hpp"

namespace elasticity::cli {
namespace {

using std::chrono::steady_clock;

/// While it lives, SIGINT and SIGTERM break a connection, so that a wait on it ends. One at a time.
class BreakOnSignal {
public:
    explicit BreakOnSignal(rabbitmq::Connection& connection) {
        happened_ = 0;
        connection_ = &connection;
        struct sigaction action {};
        action.sa_handler = [](int) {
            happened_ = 1;
            connection_.load()->interrupt();  // one call of shutdown(2), which a handler may make
        };
        ::sigaction(SIGINT, &action, &previous_interrupt_);
        ::sigaction(SIGTERM, &action, &previous_termination_);
    }
    ~BreakOnSignal() {
        ::sigaction(SIGINT, &previous_interrupt_, nullptr);
        ::sigaction(SIGTERM, &previous_termination_, nullptr);
    }
    BreakOnSignal(const BreakOnSignal&) = delete;
    BreakOnSignal& operator=(const BreakOnSignal&) = delete;

    bool happened() const { return happened_ != 0; }

private:
    static inline volatile std::sig_atomic_t happened_ = 0;
    static inline std::atomic<rabbitmq::Connection*> connection_{nullptr};
    static_assert(std::atomic<rabbitmq::Connection*>::is_always_lock_free);
    struct sigaction previous_interrupt_ {};
    struct sigaction previous_termination_ {};
};

/// Plain lines, and under them, on a terminal, one that tells that something is going on.
class Display {
public:
    Display(Terminal& terminal, bool json)
        : terminal_(terminal), json_(json), is_live_(terminal.is_live && !json) {}

    bool is_live() const { return is_live_; }

    void show(const Answer& answer) {
        clear();
        if (!json_) terminal_.out << to_text(answer) << std::flush;
    }

    void show_waiting(const Progress& progress, steady_clock::duration waited) {
        if (!is_live_) return;
        clear();
        const auto waited_s = std::chrono::duration_cast<std::chrono::seconds>(waited).count();
        terminal_.out << progress.settled_count() << " of " << counted(progress.tool_count(), "tool")
                      << " settled, " << waited_s << " s" << std::flush;
        is_drawn_ = true;
    }

    void clear() {
        if (is_drawn_) terminal_.out << "\r\x1b[K" << std::flush;
        is_drawn_ = false;
    }

private:
    Terminal& terminal_;
    bool json_;
    bool is_live_;
    bool is_drawn_ = false;
};

class Follower {
public:
    Follower(const Request& request, rabbitmq::ReplyQueue& replies, Terminal& terminal, bool json)
        : replies_(replies), terminal_(terminal), display_(terminal, json), progress_(request.tools) {}

    /// Nothing when `timeout` has passed; otherwise every tool has settled.
    Result<std::optional<ExitCode>> run(std::chrono::seconds timeout) {
        const auto begin = steady_clock::now();
        while (!progress_.settled()) {
            const auto now = steady_clock::now();
            if (now >= begin + timeout) break;
            display_.show_waiting(progress_, now - begin);
            auto wait = std::chrono::ceil<std::chrono::milliseconds>(begin + timeout - now);
            if (display_.is_live()) wait = std::min(wait, std::chrono::milliseconds(1000));
            auto delivery = replies_.wait(wait);
            if (!delivery) return delivery.error();
            if (*delivery) take((*delivery)->body);
        }
        display_.clear();
        if (!progress_.settled()) return std::optional<ExitCode>();
        return std::optional(progress_.exit_code());
    }

    void clear() { display_.clear(); }
    const Progress& progress() const { return progress_; }

private:
    void take(const std::string& body) {
        const auto answer = parse_answer(body);
        if (!answer) {
            display_.clear();
            fail(terminal_, answer.error());
            return;
        }
        progress_.take(*answer);
        display_.show(*answer);
    }

    rabbitmq::ReplyQueue& replies_;
    Terminal& terminal_;
    Display display_;
    Progress progress_;
};

}  // namespace

ExitCode follow(const Request& request, rabbitmq::Connection& connection, rabbitmq::ReplyQueue& replies,
                std::chrono::seconds timeout, bool json, Terminal& terminal) {
    Follower follower(request, replies, terminal, json);
    const BreakOnSignal signal(connection);
    const auto ended = follower.run(timeout);
    follower.clear();
    if (signal.happened())
        return fail(terminal, ExitCode::interrupted,
                    "request " + request.id + " goes on; see 'elasticity status'");
    if (!ended) return fail(terminal, ExitCode::unreachable, ended.error().message);
    if (json) terminal.out << follower.progress().to_json(request.id) << std::endl;
    if (*ended) return **ended;
    const std::size_t open = follower.progress().tool_count() - follower.progress().settled_count();
    return fail(terminal, ExitCode::failed,
                counted(open, "tool") + " did not settle within " + std::to_string(timeout.count()) +
                    " s; see 'elasticity status'");
}

}  // namespace elasticity::cli
