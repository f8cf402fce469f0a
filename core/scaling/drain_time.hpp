#pragma once
#include <cstdint>

namespace elasticity {

/// What is known when the number of instances is chosen that clears a queue in time.
struct DrainDemand {
    double messages = 0;        ///< waiting and in work
    double arrivals_per_s = 0;
    double finished_per_s = 0;  ///< of one instance; > 0
    std::uint32_t consumers = 0;
    std::uint32_t supply = 0;   ///< ordered, booting and ready
    double boot_s = 0;          ///< from an order until the worker runs
    double drain_s = 0;         ///< the wanted time
};

/// How many instances clear the queue in the wanted time:
///
///     H    = max(G - p, G / 4)                    what booting leaves of the time
///     Bp   = max(0, B + (lambda - mu * n) * p)    backlog left when a new one can help
///     need = ceil((lambda + Bp / H) / mu)
///
/// with B messages, lambda arrivals, mu finished by one instance, n consumers, p boot time, G wanted time. At
/// p = 0 this is the backlog per instance of target tracking (AWS, "Scaling based on Amazon SQS": queue length /
/// (accepted latency / processing time)), plus the arrivals, which CAF's RabbitWorkloadAnalyser leaves out; the
/// boot time is GitLab's and Drone's measure, which both export and do not use.
///
/// Those who are there need no time to boot: they are kept while (lambda + B / G) / mu of them are needed.
std::uint64_t instances_to_drain(const DrainDemand& demand);

}  // namespace elasticity
