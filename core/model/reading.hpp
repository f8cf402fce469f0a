#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/model/time.hpp"

namespace elasticity {

/// Totals of a queue since its broker started, from the management API's statistics.
struct WorkCounters {
    std::uint64_t finished = 0;   ///< acknowledged, or handed out to consumers that never acknowledge
    std::uint64_t published = 0;
    TimePoint at{};               ///< when the request began: they are no younger

    bool operator==(const WorkCounters&) const = default;
};

/// What is known of a queue. Never a bare number: nothing shrinks because a reading was missing.
struct Reading {
    enum class State {
        missing,   ///< no answer: broker away, or not asked yet
        stale,     ///< an answer, but too old
        suspect,   ///< an answer that cannot be: negative, or against another one
        no_queue,  ///< the broker says that the queue does not exist
        value,
    };

    State state = State::missing;
    std::uint64_t ready = 0;  ///< messages waiting
    /// Messages delivered and not yet acknowledged. Absent without the management API, or while its statistics
    /// may be older than what is known from elsewhere.
    std::optional<std::uint64_t> unacknowledged = std::nullopt;
    std::uint32_t consumers = 0;
    TimePoint at{};      ///< when `ready` was read
    std::string reason{};  ///< why it is missing, stale or suspect, or why `unacknowledged` is absent
    std::optional<WorkCounters> counters{};  ///< only of queues that are watched with them

    bool operator==(const Reading&) const = default;
};

}  // namespace elasticity
