// What a tool asks of this backend: the `params` of a spec.
#pragma once
#include <cstdint>
#include <elasticity/sdk/image_reference.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace elasticity::docker {

enum class PullPolicy { missing, always, never };

struct Mount {
    std::string source;  ///< an absolute path of the engine's host, or the name of a volume
    std::string target;  ///< an absolute path in the container
    bool read_only = false;
};

struct WorkerSpec {
    sdk::ImageReference image;
    std::vector<std::string> command;  ///< empty: the image's own
    double cpus = 0;                   ///< 0: no limit
    std::int64_t memory_bytes = 0;     ///< 0: no limit
    std::string network;               ///< empty: the backend's
    std::vector<Mount> mounts;
    PullPolicy pull = PullPolicy::missing;
};

/// Throws sdk::Error (ELS_INVALID_ARGUMENT) with the JSON pointer of what is wrong.
WorkerSpec parse_worker_spec(std::string_view params);

}  // namespace elasticity::docker
