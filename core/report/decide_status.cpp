#include "core/report/decide_status.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace elasticity {
namespace json = boost::json;
namespace {

std::string of(std::uint32_t some, std::uint32_t all) {
    return std::to_string(some) + " of " + std::to_string(all) + (all == 1 ? " instance" : " instances");
}

class Judge {
public:
    Judge(const ToolView& view, const ToolPlan& plan, const std::string& target_url, TimePoint now)
        : view_(view), tool_(*view.tool), plan_(plan), now_(now) {
        status_.request_id = tool_.request_id;
        status_.generation = tool_.generation;
        status_.target_url = target_url;
        status_.tool = tool_.key.tool;
        status_.kind = tool_.kind;
        status_.extractors = tool_.extractors;
        status_.desired = plan.size.target;
        count();
    }

    Status run() {
        if (tool_.removal) return say(ToolState::removing, removal_text());
        if (tool_.paused) return say(ToolState::paused, "paused with " + of(status_.running, plan_.size.target) + " running");
        const bool enough = proven_ >= tool_.min_instances && proven_ >= std::min(plan_.size.target, 1U);
        const bool failing = add_failures();
        if (!enough) return not_enough(failing);
        if (failing && (status_.running < plan_.size.target || lost_sight()))
            return say(ToolState::degraded, progress() + ": " + status_.errors.front().message);
        if (const std::string unseen = silent_backend(); !unseen.empty())
            return say(ToolState::degraded, of(status_.running, plan_.size.target) + " ran when last seen; " + unseen);
        status_.errors.clear();  // what failed on the way here is over
        if (status_.running > 0 && status_.consuming == 0) return not_consuming();
        return say(ToolState::running, running_text());
    }

private:
    void count() {
        for (const ObservedWorker& observed : view_.workers) {
            const Worker& worker = observed.worker;
            if (worker.state != WorkerState::running) continue;
            ++status_.running;
            if (!is_on_trial(worker)) ++proven_;
            ++status_.backends[worker.backend];
            if (worker.spec_hash == tool_.spec_hash) ++status_.updated;
            youngest_ = std::max(youngest_, worker.created);
        }
        status_.consuming = std::min(view_.reading.consumers, status_.running);
    }

    /// In a crash loop every try runs for a moment: that is no recovery.
    bool is_on_trial(const Worker& worker) const {
        const auto breaker = view_.breakers.find(worker.backend);
        const bool failing = breaker != view_.breakers.end() && breaker->second.failures > 0;
        return failing && now_ - worker.created < trial_life;
    }

    Status say(ToolState state, std::string reason) {
        status_.state = state;
        status_.reason = std::move(reason);
        return std::move(status_);
    }

    /// True when some backend of this tool is being waited for after failures.
    bool add_failures() {
        for (const auto& [backend, breaker] : view_.breakers)
            if (breaker.failures > 0) {
                Finding finding = breaker.last;
                finding.message = backend + ": " + finding.message;
                status_.errors.push_back(std::move(finding));
            }
        for (const BackendView& backend : view_.backends)
            if (!backend.trouble.empty())
                status_.errors.push_back({"backend_unavailable", "", backend.name + ": " + backend.trouble});
        return !status_.errors.empty();
    }

    /// A backend that does not answer although workers of this tool are on it; "" when there is none.
    std::string silent_backend() const {
        for (const BackendView& backend : view_.backends)
            if (!backend.trouble.empty() && status_.backends.contains(backend.name))
                return backend.name + ": " + backend.trouble;
        return {};
    }

    /// Whether workers of this tool live where nobody answers: what is known of them is old.
    bool lost_sight() const {
        return std::any_of(view_.backends.begin(), view_.backends.end(), [&](const BackendView& backend) {
            return !backend.trouble.empty() && status_.backends.contains(backend.name);
        });
    }

    std::string progress() const {
        return of(status_.running, std::max(plan_.size.target, status_.running)) + " run";
    }

    Status not_enough(bool failing) {
        if (!failing && plan_.no_capacity) status_.errors.push_back({"no_capacity", "", plan_.waiting_for});
        if (status_.errors.empty()) {
            const std::string detail = plan_.waiting_for.empty() ? "" : "; " + plan_.waiting_for;
            return say(ToolState::deploying, progress() + detail);
        }
        const std::string why = status_.errors.front().message;
        return say(proven_ > 0 ? ToolState::degraded : ToolState::failed, progress() + ": " + why);
    }

    /// Workers declare their consumer some time after their start; only later is it a fault.
    Status not_consuming() {
        const std::string text = progress() + ", but none consumes " + tool_.queue;
        if (view_.reading.state != Reading::State::value && view_.reading.state != Reading::State::no_queue)
            return say(ToolState::running, progress() + "; no reading of " + tool_.queue + " (" + view_.reading.reason + ")");
        if (now_ - youngest_ < tool_.scaling.boot_timeout) return say(ToolState::deploying, text + " yet");
        status_.errors.push_back({"not_consuming", "", text});
        return say(ToolState::degraded, text);
    }

    std::string running_text() const {
        if (status_.running == 0) return of(0, plan_.size.target) + ", " + plan_.size.reason;
        std::string places;
        for (const auto& [backend, count] : status_.backends) places += (places.empty() ? "" : ", ") + backend;
        std::string text = progress() + " on " + places + " and ";
        if (status_.consuming < status_.running) text += std::to_string(status_.consuming) + " of them ";
        text += "consume " + tool_.queue;
        if (status_.updated < status_.running)
            text += "; " + std::to_string(status_.running - status_.updated) + " still with the previous specification";
        return text;
    }

    std::string removal_text() const {
        if (!plan_.waiting_for.empty()) return "being removed; waiting: " + plan_.waiting_for;
        const std::size_t left = view_.workers.size();
        return "being removed; " + std::to_string(left) + (left == 1 ? " worker left" : " workers left");
    }

    const ToolView& view_;
    const Tool& tool_;
    const ToolPlan& plan_;
    TimePoint now_;
    TimePoint youngest_{};
    std::uint32_t proven_ = 0;  ///< running, and not on trial after a failure
    Status status_;
};

json::value to_json(const Finding& finding) {
    return {{"code", finding.code},
            {"pointer", finding.pointer},
            {"message", finding.message},
            {"retry_at", finding.retry_at ? json::value(to_rfc3339(*finding.retry_at)) : json::value(nullptr)}};
}

std::vector<std::string> error_codes(const Status& status) {
    std::vector<std::string> codes;
    for (const Finding& error : status.errors) codes.push_back(error.code);
    return codes;
}

}  // namespace

std::string_view to_text(ToolState state) {
    switch (state) {
        case ToolState::accepted: return "accepted";
        case ToolState::unchanged: return "unchanged";
        case ToolState::rejected: return "rejected";
        case ToolState::deploying: return "deploying";
        case ToolState::running: return "running";
        case ToolState::degraded: return "degraded";
        case ToolState::failed: return "failed";
        case ToolState::paused: return "paused";
        case ToolState::removing: return "removing";
        case ToolState::removed: return "removed";
    }
    __builtin_unreachable();
}

json::object to_json(const Status& status) {
    json::array errors;
    for (const Finding& finding : status.errors) errors.push_back(to_json(finding));
    json::object backends;
    for (const auto& [backend, count] : status.backends) backends[backend] = count;
    json::array extractors(status.extractors.begin(), status.extractors.end());
    return {{"schema", "elasticity/status/v1"},
            {"request_id", status.request_id},
            {"generation", status.generation},
            {"target", status.target_url.empty() ? json::value(nullptr) : json::value(status.target_url)},
            {"tool", status.tool.empty() ? json::value(nullptr) : json::value(status.tool)},
            {"kind", status.kind.empty() ? json::value(nullptr) : json::value(status.kind)},
            {"extractors", std::move(extractors)},
            {"state", to_text(status.state)},
            {"desired", status.desired},
            {"running", status.running},
            {"consuming", status.consuming},
            {"updated", status.updated},
            {"backends", std::move(backends)},
            {"reason", status.reason},
            {"errors", std::move(errors)}};
}

Status decide_status(const ToolView& view, const ToolPlan& plan, const std::string& target_url, TimePoint now) {
    return Judge(view, plan, target_url, now).run();
}

bool is_news(const Status& before, const Status& after) {
    return before.state != after.state || before.generation != after.generation ||
           before.request_id != after.request_id || error_codes(before) != error_codes(after);
}

}  // namespace elasticity
