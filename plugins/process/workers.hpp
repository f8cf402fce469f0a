#pragma once
#include <elasticity/sdk/plugin.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/process/common/record.hpp"

namespace elasticity::process {

/// A worker as it is now. A worker that ended has the phase `ended`, even if nobody recorded how.
struct Observed {
    Record record;
    bool suspended = false;
    bool has_shim = false;  ///< false too for one that ended
};

using ObservedByKey = std::map<std::string, Observed>;

/// Finds the workers of one owner: by their records, and by the environment of the processes of the machine
/// for those whose record was lost. Keeps nothing between calls; threads may share it.
///
/// A look that is not complete throws sdk::Error UNAVAILABLE, since "could not see" is not "not there".
class Workers {
public:
    Workers(std::string owner, std::string run_dir)
        : owner_(std::move(owner)), run_dir_(std::move(run_dir)) {}

    /// Looks at every process of the machine.
    ObservedByKey all(const sdk::Call& call) const;

    /// Looks at the machine only where the records may not be complete: this is called for every creation.
    std::optional<Observed> find(const sdk::Call& call, const sdk::Ref& ref) const;

private:
    ObservedByKey recorded() const;
    std::optional<Observed> recorded(std::string_view key) const;
    ObservedByKey unrecorded(const sdk::Call& call, const ObservedByKey& recorded) const;

    /// nullopt: destroyed, or never started, since the record was read.
    std::optional<Observed> observe(Record record) const;

    std::string survey_file() const;
    bool records_are_complete() const;

    std::string owner_, run_dir_;
};

/// "PID:START", which the kernel never gives to two processes of one boot.
std::string id_text(const ProcessId& id);

sdk::Instance to_instance(const Observed& worker);

}  // namespace elasticity::process
