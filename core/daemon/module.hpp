#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/daemon/daemon.hpp"
#include "core/daemon/settings.hpp"
#include "core/io/state/state_dir.hpp"

namespace elasticity {

/// The Elasticity Module with one version of its settings, wired together and running.
///
/// Threads: the owner's for everything here; it starts those of its parts and joins them.
class Module {
public:
    /// Why it wants to end, or to be started again.
    enum class End { held_by_other, queue_mismatch, repairable };
    using OnEnd = std::function<void(End, const std::string& why)>;

    /// Everything up to listening. Errors are those of the state directory and its files.
    static Result<std::unique_ptr<Module>> start(Settings settings, StateDir& state_dir, bool accept_empty, OnEnd on_end);

    /// Ends listening first, then the calls under way, then the statuses. Workers go on.
    ~Module();

    /// Lets the plugins of these backends take over their new settings, without a pause for anybody. False, and
    /// nothing is done, where one of them is not open.
    bool upgrade_backends(const Settings& settings, const std::vector<std::string>& names);

    /// Looks at tools.json: to be called when it may have changed.
    void check_tools_file();

private:
    struct Parts;
    explicit Module(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace elasticity
