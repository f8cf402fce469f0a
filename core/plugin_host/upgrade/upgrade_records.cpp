#include "core/plugin_host/upgrade/upgrade_records.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::size_t records_max = 64;

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

bool has_news(const UpgradeRecord& record, std::size_t seen) {
    return record.settled || record.steps.size() > seen;
}

}  // namespace

json::object to_json(const UpgradeRecord& record, std::size_t steps_from) {
    json::array steps;
    for (std::size_t i = steps_from; i < record.steps.size(); ++i) {
        const UpgradeRecord::Step& step = record.steps[i];
        steps.push_back({{"phase", step.phase}, {"time", to_rfc3339(step.time)}, {"text", step.text}});
    }
    return {{"upgrade", record.id},
            {"backend", record.backend},
            {"cause", record.cause},
            {"file", record.file},
            {"sha256", text_or_null(record.sha256)},
            {"from_generation", record.from},
            {"to_generation", record.to == 0 ? json::value(nullptr) : json::value(record.to)},
            {"outcome", record.outcome ? json::value(to_text(*record.outcome)) : json::value(nullptr)},
            {"reason", text_or_null(record.reason)},
            {"settled", record.settled},
            {"steps", std::move(steps)}};
}

std::uint64_t UpgradeRecords::add(UpgradeRecord record) {
    const std::scoped_lock lock(mutex_);
    record.id = ++last_id_;
    records_.push_back(std::move(record));
    if (records_.size() > records_max) records_.pop_front();
    return last_id_;
}

UpgradeRecord* UpgradeRecords::find(std::uint64_t id) {
    const auto hit = std::find_if(records_.begin(), records_.end(), [id](const auto& each) { return each.id == id; });
    return hit == records_.end() ? nullptr : &*hit;
}

void UpgradeRecords::change(std::uint64_t id, const std::function<void(UpgradeRecord&)>& edit) {
    std::vector<std::pair<Answer, json::object>> answers;
    std::unique_lock lock(mutex_);
    UpgradeRecord* record = find(id);
    if (!record) return;
    edit(*record);
    for (auto [waiter, end] = waiters_.equal_range(id); waiter != end;) {
        if (!has_news(*record, waiter->second.seen)) {
            ++waiter;
            continue;
        }
        answers.emplace_back(std::move(waiter->second.answer), to_json(*record, waiter->second.seen));
        waiter = waiters_.erase(waiter);
    }
    lock.unlock();
    for (auto& [answer, text] : answers) answer(std::move(text));
}

void UpgradeRecords::follow(std::uint64_t id, std::size_t seen, Answer answer) {
    std::unique_lock lock(mutex_);
    const UpgradeRecord* record = find(id);
    if (record && !has_news(*record, seen)) {
        if (!closed_) waiters_.emplace(id, Waiter{seen, std::move(answer)});
        return;
    }
    json::object told;
    if (record) told = to_json(*record, seen);
    else told = {{"error", {{"code", "not_found"}, {"message", "no upgrade " + std::to_string(id) + " is known"}}}};
    lock.unlock();
    answer(std::move(told));
}

std::optional<UpgradeRecord> UpgradeRecords::last_of(const std::string& backend) const {
    const std::scoped_lock lock(mutex_);
    const auto hit = std::find_if(records_.rbegin(), records_.rend(),
                                  [&](const UpgradeRecord& each) { return each.backend == backend; });
    return hit == records_.rend() ? std::nullopt : std::optional(*hit);
}

void UpgradeRecords::close() {
    std::multimap<std::uint64_t, Waiter> dropped;
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    dropped.swap(waiters_);
}

}  // namespace elasticity
