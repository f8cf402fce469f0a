#include "core/io/rabbitmq/backoff.hpp"

#include <algorithm>

namespace elasticity::rabbitmq {

std::chrono::milliseconds Backoff::next(double jitter) {
    const auto step = std::min(wait_, settings_.cap);
    wait_ = std::min(step * 2, settings_.cap);
    const double share = 0.5 + 0.5 * std::clamp(jitter, 0.0, 1.0);
    return std::chrono::milliseconds(static_cast<int64_t>(static_cast<double>(step.count()) * share));
}

void Backoff::held_for(std::chrono::milliseconds duration) {
    if (duration >= settings_.stable_after) reset();
}

}  // namespace elasticity::rabbitmq
