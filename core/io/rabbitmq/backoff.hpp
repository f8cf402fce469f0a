#pragma once
#include <chrono>

namespace elasticity::rabbitmq {

struct BackoffSettings {
    std::chrono::milliseconds initial{200};
    std::chrono::milliseconds cap{30'000};
    /// What held for this long was a success: the next failure starts again from `initial`.
    std::chrono::milliseconds stable_after{30'000};
};

/// Exponentially growing waits. Draws no random number and reads no clock: both are arguments.
class Backoff {
public:
    explicit Backoff(const BackoffSettings& settings) : settings_(settings), wait_(settings.initial) {}

    /// The wait before the next attempt: between half of the current step and all of it, by `jitter` in
    /// [0, 1]. The step doubles up to the cap.
    std::chrono::milliseconds next(double jitter);

    /// Tells how long the last attempt held.
    void held_for(std::chrono::milliseconds duration);

    void reset() { wait_ = settings_.initial; }

private:
    BackoffSettings settings_;
    std::chrono::milliseconds wait_;
};

}  // namespace elasticity::rabbitmq
