#pragma once
#include <string>

#include "core/daemon/settings.hpp"
#include "core/model/error.hpp"
#include "core/runtime/ports.hpp"
#include "sdk/host/instance.hpp"

namespace elasticity {

/// What a plugin gets to make a worker: the tool's own fields, and the environment with its secrets read now.
/// Reads files and runs commands where secrets say so: not for the control thread.
Result<sdk::HostSpec> make_worker_spec(const WorkerOrder& order, const std::string& backend, const Settings& settings);

}  // namespace elasticity
