#include "tests/simulation/reference_policies.hpp"

#include <algorithm>
#include <cmath>

namespace elasticity::reference {
namespace {

std::uint32_t ceiling(double number) {
    return static_cast<std::uint32_t>(std::ceil(number));
}

bool is_due(std::optional<TimePoint>& last, Millis interval, TimePoint now) {
    if (last && now - *last < interval) return false;
    last = now;
    return true;
}

}  // namespace

std::uint32_t hpa_by_ratio(std::uint32_t replicas, double metric, double target, double tolerance) {
    const double ratio = metric / target;
    return std::abs(1 - ratio) <= tolerance ? replicas : ceiling(replicas * ratio);
}

std::uint32_t hpa_by_average(std::uint32_t replicas, double total, double target, double tolerance) {
    const double ratio = total / (target * replicas);
    return std::abs(1 - ratio) <= tolerance ? replicas : ceiling(total / target);
}

std::uint32_t hpa_limited(std::uint32_t replicas, std::uint32_t desired, const HpaSettings& settings) {
    const std::uint32_t most =
        std::max(replicas + settings.up_pods, ceiling(replicas * (1 + settings.up_fraction)));
    const std::uint32_t step_down = std::min(replicas, ceiling(replicas * settings.down_fraction));
    return std::clamp(desired, replicas - step_down, most);
}

std::uint32_t hpa_stabilised(std::uint32_t replicas, std::uint32_t desired, Recommendations& past,
                             const HpaSettings& settings, TimePoint now) {
    past.emplace_back(now, desired);
    while (past.front().first + settings.down_window < now) past.pop_front();
    if (desired >= replicas) return desired;
    std::uint32_t highest = desired;
    for (const auto& [when, recommended] : past) highest = std::max(highest, recommended);
    return std::min(highest, replicas);
}

std::uint32_t keda_size(std::uint32_t replicas, std::uint64_t messages, const KedaSettings& settings, KedaMemory& memory,
                        TimePoint now) {
    const auto total = static_cast<double>(messages);
    if (is_due(memory.last_poll, settings.polling_interval, now)) {
        const bool active = total > settings.activation;
        if (active) memory.last_active = now;
        if (active && replicas == 0) return std::max(1U, settings.min_replicas);
        const bool cool = !memory.last_active || now > *memory.last_active + settings.cooldown;
        if (!active && cool && settings.min_replicas == 0) return 0;
    }
    // An HPA whose target is at zero is switched off.
    if (replicas == 0 || !is_due(memory.last_sync, settings.hpa.interval, now)) return replicas;
    const std::uint32_t wanted = std::clamp(hpa_by_average(replicas, total, settings.value, settings.hpa.tolerance),
                                            std::max(1U, settings.min_replicas), settings.max_replicas);
    const std::uint32_t stable = hpa_stabilised(replicas, wanted, memory.recommendations, settings.hpa, now);
    return hpa_limited(replicas, stable, settings.hpa);
}

std::uint32_t target_tracking_size(std::uint32_t instances, std::uint64_t visible_messages,
                                   const TargetTrackingSettings& settings) {
    if (instances == 0) return settings.min_instances;
    const double backlog_per_instance = static_cast<double>(visible_messages) / instances;
    const double acceptable = settings.accepted_latency_s / settings.processing_time_s;
    return std::clamp(ceiling(instances * backlog_per_instance / acceptable), settings.min_instances,
                      settings.max_instances);
}

OriginalStep original_scale_up(std::uint64_t queue_length, std::uint32_t consumers,
                               const std::vector<OriginalMachine>& machines, const OriginalSettings& settings) {
    const bool too_few = consumers < settings.min_instances;
    if (queue_length <= settings.queue_length_threshold && !too_few) return {};
    const auto has_slot = [&](const OriginalMachine& machine) {
        return !machine.suspended && machine.vcpus > machine.load_average + settings.cpu_buffer_room;
    };
    const auto index = [&](auto found) { return static_cast<std::size_t>(found - machines.begin()); };
    const auto open = std::find_if(machines.begin(), machines.end(), has_slot);
    if (consumers > 0 && open != machines.end()) return {OriginalStep::Kind::start_instance, index(open)};
    const auto asleep = std::find_if(machines.begin(), machines.end(), [](const auto& each) { return each.suspended; });
    if (asleep != machines.end()) return {OriginalStep::Kind::resume_machine, index(asleep)};
    return {OriginalStep::Kind::start_machine, 0};
}

bool original_suspends(std::uint64_t handled_in_period, TimePoint active_since, const OriginalSettings& settings,
                       TimePoint now) {
    return handled_in_period == 0 && now - active_since >= settings.idle;
}

}  // namespace elasticity::reference
