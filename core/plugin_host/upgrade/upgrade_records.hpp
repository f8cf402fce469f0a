#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/model/error.hpp"
#include "core/model/time.hpp"
#include "core/plugin_host/upgrade/upgrade_machine.hpp"

namespace elasticity {

/// The story of one upgrade, as it is told by the status and by `elasticity plugin upgrade`.
struct UpgradeRecord {
    struct Step {
        std::string phase;
        std::string text;
        TimePoint time{};
    };

    std::uint64_t id = 0;
    std::string backend;
    std::string cause;   ///< "asked for", "the file was replaced", "its settings changed"
    std::string file;
    std::string sha256;  ///< empty before it is known
    unsigned from = 0;   ///< generations
    unsigned to = 0;     ///< 0 before there is one
    std::vector<Step> steps;
    std::optional<UpgradeOutcome> outcome;
    std::string reason;  ///< of the outcome, in one line
    bool settled = false;  ///< nobody needs to wait any longer; a rollback may follow all the same
};

boost::json::object to_json(const UpgradeRecord& record, std::size_t steps_from = 0);

/// The last upgrades, and who waits for news of them. Threads: any.
class UpgradeRecords {
public:
    using Answer = std::function<void(boost::json::object)>;

    /// Keeps it; its id is given here.
    std::uint64_t add(UpgradeRecord record);
    /// Changes a record and answers who waits for it. One that has been forgotten: nothing.
    void change(std::uint64_t id, const std::function<void(UpgradeRecord&)>& edit);

    /// Answers with the steps after the first `seen`, once there are any or the upgrade has settled; at once, with
    /// {"error"}, for one that is not known.
    void follow(std::uint64_t id, std::size_t seen, Answer answer);

    /// The newest of a backend, if it has one.
    std::optional<UpgradeRecord> last_of(const std::string& backend) const;

    /// Drops all who wait.
    void close();

private:
    struct Waiter {
        std::size_t seen = 0;
        Answer answer;
    };
    UpgradeRecord* find(std::uint64_t id);

    mutable std::mutex mutex_;
    std::uint64_t last_id_ = 0;
    bool closed_ = false;
    std::deque<UpgradeRecord> records_;
    std::multimap<std::uint64_t, Waiter> waiters_;
};

}  // namespace elasticity
