#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/model/tool.hpp"
#include "core/model/worker.hpp"

namespace elasticity {

/// The picture of all workers, put together from complete lists and from the outcomes of our own calls.
///
/// A list tells the truth of the time when it began. What our own calls did since then is newer, so that
/// every change carries a number from one counter, and a list overrules only what is older than its
/// beginning.
class ObservedWorkers {
public:
    struct Record {
        Worker worker;
        std::uint64_t changed = 0;  ///< number of the change that our own call made
        bool in_flight = false;     ///< a call about it is running
        TimePoint retry_at{};       ///< a call about it failed; not again before this
    };
    using Records = std::map<std::string, Record>;  ///< by key

    struct ListChanges {
        std::vector<ToolKey> touched;  ///< something changed, or somebody boots
        std::vector<Worker> booted;    ///< seen running for the first time, after they were seen to boot
        std::vector<Worker> ended;     ///< seen dead for the first time, or vanished
        std::vector<Worker> strays;    ///< ours, but of no tool that could be read from their label
    };

    /// The number to give to `apply_list` for a list that begins now.
    std::uint64_t next_change() { return ++changes_; }

    ListChanges apply_list(const std::string& backend, std::uint64_t began, std::vector<Worker> workers);
    void put(const ToolKey& tool, Worker worker);
    void erase(const ToolKey& tool, const std::string& backend, const std::string& key);

    Record* find(const ToolKey& tool, const std::string& key);
    const Records& of(const ToolKey& tool) const;
    std::size_t count_on(const std::string& backend) const;
    const std::map<ToolKey, Records>& all() const { return tools_; }

private:
    void see(const ToolKey& tool, Worker worker, std::uint64_t began, ListChanges& changes);
    void drop_vanished(const std::string& backend, std::uint64_t began,
                       const std::unordered_set<std::string>& seen_keys, ListChanges& changes);

    std::map<ToolKey, Records> tools_;
    std::map<std::string, std::map<std::string, ToolKey>> by_backend_;  ///< backend -> key -> tool
    /// backend -> key -> change that erased it: older lists of that backend do not bring it back.
    std::map<std::string, std::map<std::string, std::uint64_t>> erased_;
    std::uint64_t changes_ = 0;
};

}  // namespace elasticity
