#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/model/time.hpp"

namespace elasticity {

/// One thing that is wrong, in the form in which a status message carries it (contract, section 3).
struct Finding {
    std::string code;     ///< from the documented list: `invalid_field`, `image_not_found`, ...
    std::string pointer;  ///< JSON pointer into what the sender wrote; "" is the whole of it
    std::string message;  ///< what was wrong and what was wanted
    std::optional<TimePoint> retry_at = std::nullopt;

    bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

}  // namespace elasticity
