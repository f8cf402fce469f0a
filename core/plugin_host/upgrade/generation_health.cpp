#include "core/plugin_host/upgrade/generation_health.hpp"

namespace elasticity {

void GenerationHealth::begin_call() {
    const std::scoped_lock lock(mutex_);
    ++reading_.in_flight;
}

void GenerationHealth::end_call(const std::optional<sdk::HostError>& error) {
    const bool is_fault = error && (error->code == ELS_INTERNAL || error->code == ELS_UNKNOWN);
    std::unique_lock lock(mutex_);
    --reading_.in_flight;
    ++reading_.answered;
    if (is_fault && reading_.failed++ == 0) reading_.first_error = error->message;
    const auto changed = is_fault || reading_.in_flight == 0 ? changed_ : nullptr;
    lock.unlock();
    if (changed) changed();
}

void GenerationHealth::take_back_call() {
    std::unique_lock lock(mutex_);
    const auto changed = --reading_.in_flight == 0 ? changed_ : nullptr;
    lock.unlock();
    if (changed) changed();
}

void GenerationHealth::note_lost(const std::string& why) {
    std::unique_lock lock(mutex_);
    if (reading_.lost.empty()) reading_.lost = why;
    const auto changed = changed_;
    lock.unlock();
    if (changed) changed();
}

HealthReading GenerationHealth::reading() const {
    const std::scoped_lock lock(mutex_);
    return reading_;
}

void GenerationHealth::listen(std::function<void()> changed) {
    const std::scoped_lock lock(mutex_);
    changed_ = std::move(changed);
}

}  // namespace elasticity
