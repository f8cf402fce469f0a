#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "core/model/time.hpp"

/// How others size the workers of a queue, with the defaults that their documentation gives: what ours is measured
/// against. Pure functions; what they remember is passed in.
namespace elasticity::reference {

/// Kubernetes' HorizontalPodAutoscaler v2 (horizontal-pod-autoscale.md, replica_calculator.go).
struct HpaSettings {
    double tolerance = 0.1;
    Millis down_window{300'000};  ///< stabilisation; up there is none
    std::uint32_t up_pods = 4;    ///< in one step of `interval`, or
    double up_fraction = 1.0;     ///< this, whichever is more
    double down_fraction = 1.0;
    Millis interval{15'000};
};

/// Resource and Pods metrics: ceil(replicas * metric / target), unless the ratio is within the tolerance.
std::uint32_t hpa_by_ratio(std::uint32_t replicas, double metric, double target, double tolerance);

/// External metrics with AverageValue, as KEDA has them: ceil(total / target), unless total / (target * replicas) is
/// within the tolerance.
std::uint32_t hpa_by_average(std::uint32_t replicas, double total, double target, double tolerance);

/// At most the steps that the policies of `behavior` allow; percentages of few are rounded up.
std::uint32_t hpa_limited(std::uint32_t replicas, std::uint32_t desired, const HpaSettings& settings);

/// Recommendations of the last window, oldest first.
using Recommendations = std::deque<std::pair<TimePoint, std::uint32_t>>;

/// On the way down the largest recommendation of the window.
std::uint32_t hpa_stabilised(std::uint32_t replicas, std::uint32_t desired, Recommendations& past,
                             const HpaSettings& settings, TimePoint now);

/// KEDA with its RabbitMQ scaler in mode QueueLength over HTTP: ready and unacknowledged messages.
struct KedaSettings {
    double value = 20;
    double activation = 0;
    Millis polling_interval{30'000};
    Millis cooldown{300'000};
    std::uint32_t min_replicas = 0;
    std::uint32_t max_replicas = 100;
    HpaSettings hpa;
};

struct KedaMemory {
    std::optional<TimePoint> last_poll;
    std::optional<TimePoint> last_active;
    std::optional<TimePoint> last_sync;
    Recommendations recommendations;
};

/// From zero and to zero by KEDA itself, at its polling interval; from one upwards by the HPA, at its own.
std::uint32_t keda_size(std::uint32_t replicas, std::uint64_t messages, const KedaSettings& settings, KedaMemory& memory,
                        TimePoint now);

/// An AWS Auto Scaling group that tracks the backlog per instance of an SQS queue (as-using-sqs-queue.md): messages
/// in flight are not in it, and without an instance it is undefined. CloudWatch's alarms would first wait for minutes; this
/// one does not, which is to its advantage.
struct TargetTrackingSettings {
    double accepted_latency_s = 60;
    double processing_time_s = 3;
    std::uint32_t min_instances = 1;
    std::uint32_t max_instances = 20;
    Millis interval{60'000};
};

std::uint32_t target_tracking_size(std::uint32_t instances, std::uint64_t visible_messages,
                                   const TargetTrackingSettings& settings);

/// The original Elasticity Module: virtual machines that hold instances of an extractor.
struct OriginalSettings {
    std::uint64_t queue_length_threshold = 100;  ///< strictly greater triggers
    double cpu_buffer_room = 0.5;
    std::uint32_t min_instances = 1;
    Millis idle{3'600'000};
    Millis interval{60'000};
    std::uint32_t vcpus = 2;
};

struct OriginalMachine {
    std::uint32_t vcpus = 2;
    double load_average = 0;
    bool suspended = false;
};

struct OriginalStep {
    enum class Kind { none, start_instance, resume_machine, start_machine };
    Kind kind = Kind::none;
    std::size_t machine = 0;  ///< index, for the middle two
};

/// One queue's turn in a pass of scaling up: at most one step.
OriginalStep original_scale_up(std::uint64_t queue_length, std::uint32_t consumers,
                               const std::vector<OriginalMachine>& machines, const OriginalSettings& settings);

/// Whether a machine that handled so many messages in the past idle period, and is active since then, is suspended.
bool original_suspends(std::uint64_t handled_in_period, TimePoint active_since, const OriginalSettings& settings,
                       TimePoint now);

}  // namespace elasticity::reference
