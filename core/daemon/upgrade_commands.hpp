#pragma once
#include <boost/json/fwd.hpp>

#include "core/io/control/control_server.hpp"
#include "core/plugin_host/upgrade/plugin_upgrades.hpp"

namespace elasticity {

/// Answers, if the request is one of these, and says whether it was:
///
///     {"command": "plugin_upgrade", "backend": NAME, "file": PATH, "force": true}   file and force may be absent
///     {"command": "plugin_upgrade_news", "upgrade": NUMBER, "seen": STEPS}          answered when there is a further step
///
/// Both answer with the upgrade's record, or {"error": {"code", "message"}}. Threads: any.
bool answer_upgrade_command(PluginUpgrades& upgrades, const boost::json::object& request, const ControlRespond& respond);

}  // namespace elasticity
