#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/io/rabbitmq/session.hpp"

namespace elasticity::rabbitmq {

enum class QueueState {
    present,
    missing,     ///< no such queue; asked again with a growing wait, meanwhile reported as it was
    unreadable,  ///< it exists, but was not readable: locked, its node down, no permission; see `reason`
};

struct QueueCounts {
    std::string queue;
    QueueState state = QueueState::unreadable;
    uint32_t ready = 0;
    uint32_t consumers = 0;
    std::string reason;  ///< the broker's words, unless `present`
};

/// One answer about every watched queue, or the reason why there is none: never a part.
struct CountsBatch {
    std::optional<Error> unavailable;
    std::vector<QueueCounts> queues;
    std::chrono::steady_clock::time_point began;
    std::chrono::microseconds took{0};
};

struct ReaderSettings {
    std::chrono::milliseconds interval{1'000};
    /// A round that takes longer is given up as unavailable.
    std::chrono::milliseconds round_timeout{10'000};
    /// The longest wait between two questions about a queue that is known to be missing.
    std::chrono::milliseconds missing_wait_max{5'000};
};

/// Reads how many messages wait in many queues by pipelined passive declares, on its own thread and
/// connection. It never publishes, so that a broker's memory alarm does not silence it.
class QueueReader {
public:
    using OnBatch = std::function<void(CountsBatch)>;
    using OnCounts = std::function<void(Result<QueueCounts>)>;

    /// `on_batch` runs on the reader's thread.
    QueueReader(SessionSettings session, ReaderSettings settings, OnBatch on_batch);
    ~QueueReader();

    void start();
    void stop();

    /// Changes what is watched, from the next round on. Any thread; repeats have no effect.
    void watch(std::vector<std::string> added, std::vector<std::string> removed = {});
    /// Asks at once about one queue, watched or not; `on_counts` runs on the reader's thread, exactly once.
    /// Any thread.
    void read_now(std::string queue, OnCounts on_counts);

private:
    class Rounds;
    std::unique_ptr<Rounds> rounds_;
};

}  // namespace elasticity::rabbitmq
