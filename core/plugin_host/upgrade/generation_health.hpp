#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "core/plugin_host/upgrade/upgrade_rules.hpp"
#include "sdk/host/error.hpp"

namespace elasticity {

/// Counts the calls of one generation, and whether its process was lost. Threads: any.
class GenerationHealth {
public:
    void begin_call();
    void end_call(const std::optional<sdk::HostError>& error);
    /// As if there had been no such call.
    void take_back_call();
    /// The first reason is kept.
    void note_lost(const std::string& why);

    HealthReading reading() const;

    /// Runs `changed`, from any thread, when something happened that may end a wait: the last call in flight ended,
    /// one failed, the process was lost. Null: nobody listens. It must be short, and may run once more after this
    /// was changed.
    void listen(std::function<void()> changed);

private:
    mutable std::mutex mutex_;
    HealthReading reading_;
    std::function<void()> changed_;
};

}  // namespace elasticity
