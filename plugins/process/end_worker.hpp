#pragma once
#include <chrono>
#include <elasticity/sdk/plugin.hpp>

#include "plugins/process/common/record.hpp"

namespace elasticity::process {

/// SIGTERM to the worker's group, SIGKILL after the grace, and both are gone on return: the worker, and the
/// shim that would otherwise record its end later. The SIGKILL comes before the call's deadline, whatever the
/// grace. Throws with MAYBE_DONE when the deadline or a cancellation comes first; may be repeated.
void end_worker(const sdk::Call& call, const Record& record, std::chrono::milliseconds grace);

/// Sends a signal to the worker's own process, not to its group. False if it is gone.
bool signal_worker(const ProcessId& worker, int number);

}  // namespace elasticity::process
