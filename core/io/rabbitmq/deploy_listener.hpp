#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "core/io/rabbitmq/delivery.hpp"
#include "core/io/rabbitmq/session.hpp"

namespace elasticity::rabbitmq {

struct ListenerSettings {
    std::string queue = "elasticity-deploy";
    /// At most so many messages in a batch: a burst costs few commits, each of which waits for the disk.
    uint16_t prefetch = 2000;
    size_t body_bytes_max = 1024 * 1024;
    /// No further message is taken into a batch that is this large, so that memory is bounded by this plus
    /// one body.
    size_t batch_bytes_max = 16 * 1024 * 1024;
    /// The holder of the queue may just have died: this long it is asked again before we give up.
    std::chrono::milliseconds exclusive_wait{5'000};
    /// Names who consumes the queue, for the text of `held_by_other`; may be empty
    /// (`ManagementClient::consumer_holder` fits).
    std::function<Result<std::string>(const std::string& queue)> find_holder;
};

enum class BatchVerdict {
    acknowledge,  ///< the whole batch is durably taken care of
    retry_later,  ///< nothing of it is: it comes again after a back-off
};

/// A verdict that is there, or that the disk still owes.
class PendingVerdict {
public:
    PendingVerdict(BatchVerdict verdict) : verdict_(verdict) {}
    PendingVerdict(std::future<BatchVerdict> later) : later_(std::move(later)) {}

    bool is_there() const { return !later_.valid(); }
    /// Waits for it. Once.
    BatchVerdict get() { return later_.valid() ? later_.get() : verdict_; }

private:
    BatchVerdict verdict_ = BatchVerdict::retry_later;
    std::future<BatchVerdict> later_;
};

/// Runs on the listener's thread, and may be called with the next batch before its last verdict is there. No
/// heartbeat is sent meanwhile: it must return, and its verdict be there, within the endpoint's `heartbeat_s`, or the
/// broker closes the connection and delivers the batch again. After `retry_later` the batches behind it come
/// again too.
using BatchHandler = std::function<PendingVerdict(std::span<const Delivery>)>;

/// Consumes the deploy queue, exclusively, on its own thread and connection.
///
/// A batch is what has already arrived. It is acknowledged only after the handler said so, and after every
/// doubt (lost connection, `retry_later`, crash) the broker delivers it again: handlers see repeats.
/// Before the first success a queue held by another consumer, or declared with other arguments, ends the
/// listener with a final event; after it the listener reconnects for ever.
class DeployListener {
public:
    DeployListener(SessionSettings session, ListenerSettings settings, BatchHandler handler);
    ~DeployListener();

    void start();
    /// Waits for a running handler, acknowledges what it accepted, disconnects.
    void stop();

private:
    class Consumer;
    std::unique_ptr<Consumer> consumer_;
};

}  // namespace elasticity::rabbitmq
