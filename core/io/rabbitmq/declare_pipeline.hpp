#pragma once
#include <amqp.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/io/rabbitmq/queue_reader.hpp"

namespace elasticity::rabbitmq {

class Connection;

/// Asks about many queues with passive declares that do not wait for one another.
///
/// The broker answers a declare of a missing queue by closing its channel and discards what was in flight on
/// it. So the questions are spread over many channels, with few outstanding on each; a closed channel is
/// opened again and the discarded questions are asked again.
class DeclarePipeline {
public:
    static constexpr int channels_max = 32;
    static constexpr size_t outstanding_max = 16;

    explicit DeclarePipeline(Connection& connection) : connection_(connection) {}

    /// Opens the channels; once, before the first `ask`.
    Result<void> open();

    /// An answer for each queue, in the same order. At most `outstanding` questions wait on one channel: 1
    /// suits queues that are probably missing. After an error the connection is of no further use.
    Result<std::vector<QueueCounts>> ask(const std::vector<std::string>& queues, size_t outstanding,
                                         std::chrono::steady_clock::time_point deadline);

    /// By all rounds together: what they cost the broker.
    uint64_t frames_sent() const { return frames_sent_; }

private:
    /// One `ask`: what is open, by index into `queues`.
    struct Round {
        const std::vector<std::string>& queues;
        size_t outstanding;
        std::vector<QueueCounts> answers;
        std::deque<size_t> unasked;
        std::vector<std::deque<size_t>> asked;  // by channel, in the order of sending
        size_t answered = 0;
    };

    size_t sure_bytes(const Round& round) const;
    Result<void> fill(Round& round, size_t channel);
    Result<void> take(Round& round, const amqp_frame_t& frame);
    Result<void> take_counts(Round& round, size_t channel, const amqp_queue_declare_ok_t& counts);
    Result<void> take_close(Round& round, size_t channel, const amqp_frame_t& frame);

    Connection& connection_;
    size_t channel_count_ = 0;
    uint64_t frames_sent_ = 0;
};

}  // namespace elasticity::rabbitmq
