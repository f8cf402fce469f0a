#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/model/time.hpp"

namespace elasticity {

enum class WorkerState { unknown, provisioning, running, suspended, stopped, draining, deleting, failed };

/// A worker as its backend reports it.
struct Worker {
    std::string backend;
    std::string key;   ///< PREFIX-12hex, chosen by the plan
    std::string id;    ///< the provider's
    std::string name;
    std::string tool_label;  ///< to_label(ToolKey)
    std::string address{};
    WorkerState state = WorkerState::unknown;
    std::uint64_t spec_hash = 0;  ///< 0 = unknown
    TimePoint created{};          ///< epoch = unknown
    TimePoint state_since{};      ///< epoch = unknown
    std::optional<std::int32_t> exit_code = std::nullopt;
    std::string error_code{};
    std::string error{};
};

}  // namespace elasticity
