#include "core/io/rabbitmq/declare_pipeline.hpp"

#include <algorithm>
#include <numeric>

#include "core/io/rabbitmq/connection.hpp"

namespace elasticity::rabbitmq {
namespace {

/// AMQP 0-9-1: frame header 7, method 4, reply code 2, an empty text 1, class and method that failed 4, end 1.
constexpr size_t close_frame_bytes_min = 19;

amqp_channel_t channel_id(size_t channel) {
    return static_cast<amqp_channel_t>(channel + 1);
}

/// 404 is also the answer for a queue whose node is down, and that queue is not gone.
QueueState state_of(const Error& error) {
    const bool is_missing =
        error.kind == ErrorKind::not_found && error.message.find("no queue '") != std::string::npos;
    return is_missing ? QueueState::missing : QueueState::unreadable;
}

}  // namespace

Result<void> DeclarePipeline::open() {
    channel_count_ = static_cast<size_t>(std::min(channels_max, connection_.channel_max()));
    for (size_t channel = 0; channel < channel_count_; ++channel) {
        if (auto done = connection_.open_channel(channel_id(channel)); done.has_error()) return done.error();
    }
    return {};
}

Result<std::vector<QueueCounts>> DeclarePipeline::ask(const std::vector<std::string>& queues,
                                                      size_t outstanding,
                                                      std::chrono::steady_clock::time_point deadline) {
    Round round{queues, outstanding, std::vector<QueueCounts>(queues.size()),
                std::deque<size_t>(queues.size()), std::vector<std::deque<size_t>>(channel_count_)};
    std::iota(round.unasked.begin(), round.unasked.end(), size_t{0});
    for (size_t channel = 0; channel < channel_count_; ++channel) {
        if (auto done = fill(round, channel); done.has_error()) return done.error();
    }
    while (round.answered < queues.size()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return Error{ErrorKind::unavailable,
                         connection_.name() + ": only " + std::to_string(round.answered) + " of " +
                             std::to_string(queues.size()) + " queues were answered in time"};
        }
        amqp_frame_t frame{};
        connection_.expect_bytes(sure_bytes(round));
        auto outcome = connection_.wait_frame(frame, left, nullptr);
        if (outcome.has_error()) return outcome.error();
        if (*outcome != WaitOutcome::frame) continue;
        if (auto done = take(round, frame); done.has_error()) return done.error();
        connection_.release(frame.channel);
    }
    connection_.expect_bytes(0);
    return std::move(round.answers);
}

/// Each channel that was asked sends at least the frame that closes it. Of one of them the beginning may have come.
size_t DeclarePipeline::sure_bytes(const Round& round) const {
    const size_t asked = static_cast<size_t>(
        std::ranges::count_if(round.asked, [](const auto& questions) { return !questions.empty(); }));
    return asked < 2 ? 0 : (asked - 1) * close_frame_bytes_min;
}

Result<void> DeclarePipeline::fill(Round& round, size_t channel) {
    while (round.asked[channel].size() < round.outstanding && !round.unasked.empty()) {
        const size_t question = round.unasked.front();
        amqp_queue_declare_t declare{};
        declare.queue = view_of(round.queues[question]);
        declare.passive = 1;
        auto sent = connection_.send_together(channel_id(channel), AMQP_QUEUE_DECLARE_METHOD, &declare);
        if (sent.has_error()) return sent.error();
        ++frames_sent_;
        round.unasked.pop_front();
        round.asked[channel].push_back(question);
    }
    return {};
}

Result<void> DeclarePipeline::take(Round& round, const amqp_frame_t& frame) {
    if (frame.frame_type != AMQP_FRAME_METHOD) return {};
    const size_t channel = static_cast<size_t>(frame.channel) - 1;
    switch (frame.payload.method.id) {
        case AMQP_QUEUE_DECLARE_OK_METHOD:
            return take_counts(round, channel,
                               *static_cast<const amqp_queue_declare_ok_t*>(frame.payload.method.decoded));
        case AMQP_CHANNEL_CLOSE_METHOD:
            return take_close(round, channel, frame);
        case AMQP_CONNECTION_CLOSE_METHOD:
            return *connection_.closed_by(frame);
        default:
            return {};  // the answer to an open, or a notice about the broker's memory
    }
}

Result<void> DeclarePipeline::take_counts(Round& round, size_t channel,
                                          const amqp_queue_declare_ok_t& counts) {
    auto& asked = round.asked[channel];
    const std::string queue = text_of(counts.queue);
    if (asked.empty() || round.queues[asked.front()] != queue) {
        return Error{ErrorKind::internal,
                     connection_.name() + ": an answer about '" + queue + "' was not next"};
    }
    round.answers[asked.front()] = {queue, QueueState::present, counts.message_count, counts.consumer_count,
                                    ""};
    asked.pop_front();
    ++round.answered;
    // Half at a time, for fewer packets.
    return asked.size() > round.outstanding / 2 ? Result<void>{} : fill(round, channel);
}

Result<void> DeclarePipeline::take_close(Round& round, size_t channel, const amqp_frame_t& frame) {
    const Error error = *connection_.closed_by(frame);
    auto& asked = round.asked[channel];
    if (asked.empty()) return error;
    const size_t question = asked.front();
    round.answers[question] = {round.queues[question], state_of(error), 0, 0, error.message};
    ++round.answered;
    round.unasked.insert(round.unasked.begin(), asked.begin() + 1, asked.end());
    asked.clear();
    // The broker handles a channel's methods in order, so that nobody waits for the open to be answered.
    amqp_channel_open_t open{amqp_empty_bytes};
    auto sent = connection_.send_together(channel_id(channel), AMQP_CHANNEL_OPEN_METHOD, &open);
    if (sent.has_error()) return sent.error();
    frames_sent_ += 2;  // this one, and the answer to the close
    return fill(round, channel);
}

}  // namespace elasticity::rabbitmq
