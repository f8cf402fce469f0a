#pragma once
#include <chrono>
#include <cstdint>
#include <elasticity/sdk/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/process/common/protocol.hpp"

namespace elasticity::process {

/// The backend's config, defaults filled in.
struct Settings {
    std::string shim;
    std::string run_dir;
    std::string log_dir;
    std::uint64_t log_max_bytes = 10 * 1024 * 1024;
    unsigned log_files_max = 5;
    std::chrono::seconds log_keep{7 * 24 * 3600};
    std::chrono::seconds stop_grace{10};
    std::string working_directory = "/";
    std::string user;  ///< empty: the daemon's own
    std::vector<ResourceLimit> limits;
};

extern const std::string_view settings_schema;

/// Reads nothing but its arguments and where our own program lies.
Settings parse_settings(std::string_view config, std::string_view state_dir);

/// What a tool asks of this backend.
struct Command {
    std::vector<std::string> arguments;
    std::string working_directory;  ///< empty: the backend's
};

extern const std::string_view command_schema;

Command parse_command(std::string_view params);

}  // namespace elasticity::process
