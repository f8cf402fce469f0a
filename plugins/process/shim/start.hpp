#pragma once
#include "plugins/process/common/descriptor.hpp"
#include "plugins/process/common/protocol.hpp"

namespace elasticity::process {

/// A worker under this shim's eyes.
struct Supervised {
    Record record;
    Descriptor output;  ///< what the worker writes to its standard output and error; -1: nothing to read
};

/// Starts the worker of the request and records it. On return its program has begun; on StepFailed nothing
/// runs and nothing is recorded.
Supervised start_worker(const Request& request);

/// Takes the place of a shim that was killed: the worker goes on and is ours to record and to read from.
Supervised take_over_worker(const Request& request);

}  // namespace elasticity::process
