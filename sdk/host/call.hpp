#pragma once
#include <elasticity/sdk/abi.h>

#include <atomic>
#include <chrono>
#include <string>

namespace elasticity::sdk {

/// One call into a plugin: its deadline, and the means to cancel it. Any thread may cancel; the rest is the
/// calling thread's.
class HostCall {
public:
    using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the contract wants.

    HostCall(std::string request_id, unsigned attempt, Clock::time_point deadline);
    ~HostCall();
    HostCall(const HostCall&) = delete;
    HostCall& operator=(const HostCall&) = delete;

    /// Makes the cancel descriptor readable. Repeats do nothing more.
    void cancel() noexcept;
    bool cancelled() const noexcept { return cancelled_.load(); }
    bool expired() const { return Clock::now() >= deadline_; }

    const els_call* get() const { return &call_; }

private:
    std::string request_id_;
    Clock::time_point deadline_;
    std::atomic<bool> cancelled_{false};
    els_call call_{};
};

}  // namespace elasticity::sdk
