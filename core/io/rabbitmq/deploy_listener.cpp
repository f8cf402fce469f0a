#include "core/io/rabbitmq/deploy_listener.hpp"

#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/message_assembler.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"

namespace elasticity::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds exclusive_retry{250};
// The broker's statistics know a new consumer only after 5 s.
constexpr milliseconds holder_wait{7'500};

/// Whoever finds the queue taken reads from it where to look.
std::string consumer_tag(const std::string& module_name) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
    const std::string tag =
        "elasticity " + module_name + " " + host.data() + " " + std::to_string(static_cast<long>(::getpid()));
    return tag.substr(0, 255);
}

bool is_in_exclusive_use(const Error& error) {
    return error.message.find("in exclusive use") != std::string::npos;
}

}  // namespace

class DeployListener::Consumer {
public:
    Consumer(SessionSettings session, ListenerSettings settings, BatchHandler handler)
        : settings_(std::move(settings)),
          handler_(std::move(handler)),
          tag_(consumer_tag(session.module_name)),
          assembler_(settings_.body_bytes_max),
          thread_(std::move(session), "listener",
                  [this](Connection& connection) { return run(connection); }) {}

    void start() { thread_.start(); }
    /// The handler may be committing: it is waited for, and its batch acknowledged.
    void stop() { thread_.stop(std::chrono::minutes(1)); }

private:
    struct Handled {
        PendingVerdict verdict;
        uint64_t last_tag = 0;
    };

    SessionEnd run(Connection& connection);
    SessionEnd consume(Connection& connection);
    std::optional<SessionEnd> become_consumer(Connection& connection);
    Result<void> try_to_consume(Connection& connection);
    Result<std::vector<Delivery>> take_batch(Connection& connection, milliseconds patience);
    Result<void> settle(Connection& connection, Handled& batch);
    Result<void> acknowledge(Connection& connection, uint64_t tag);
    std::optional<std::string> find_holder(bool is_last_time);
    SessionEnd ended_by(const std::string& holder);

    const ListenerSettings settings_;
    const BatchHandler handler_;
    const std::string tag_;
    MessageAssembler assembler_;
    bool succeeded_ = false;
    SessionThread thread_;
};

SessionEnd DeployListener::Consumer::run(Connection& connection) {
    if (auto end = become_consumer(connection)) return *end;
    succeeded_ = true;
    assembler_ = MessageAssembler(settings_.body_bytes_max);
    thread_.tell(EventKind::connected, connection.name() + ": consumes '" + settings_.queue + "'");
    return consume(connection);
}

/// Nothing when it consumes; else why it does not.
std::optional<SessionEnd> DeployListener::Consumer::become_consumer(Connection& connection) {
    auto declared = declare_queue(connection, settings_.queue);
    if (declared.has_error()) {
        const bool mismatch = declared.error().kind == ErrorKind::conflict;
        return SessionEnd{
            {mismatch ? EventKind::queue_mismatch : EventKind::disconnected, declared.error().message},
            mismatch && !succeeded_};
    }
    const auto deadline = steady_clock::now() + settings_.exclusive_wait;
    for (;;) {
        auto done = try_to_consume(connection);
        if (!done.has_error()) return std::nullopt;
        if (!is_in_exclusive_use(done.error()))
            return SessionEnd{{EventKind::disconnected, done.error().message}};
        if (const auto now = steady_clock::now(); now >= deadline) {
            if (const auto holder = find_holder(now >= deadline + holder_wait)) return ended_by(*holder);
        }
        // Waiting on the connection keeps its heartbeats going.
        amqp_frame_t frame{};
        auto waited = connection.wait_frame(frame, exclusive_retry, &thread_.wake());
        if (waited.has_error()) return SessionEnd{{EventKind::disconnected, waited.error().message}};
        if (thread_.stopping()) return SessionEnd{{EventKind::disconnected, "stopped"}};
    }
}

Result<void> DeployListener::Consumer::try_to_consume(Connection& connection) {
    if (auto done = connection.open_channel(main_channel); done.has_error()) return done;
    amqp_basic_qos_t qos{0, settings_.prefetch, 0};
    auto limited = connection.call(main_channel, AMQP_BASIC_QOS_METHOD, AMQP_BASIC_QOS_OK_METHOD, &qos);
    if (limited.has_error()) return limited.error();
    amqp_basic_consume_t consume{};
    consume.queue = view_of(settings_.queue);
    consume.consumer_tag = view_of(tag_);
    consume.exclusive = 1;
    auto answer =
        connection.call(main_channel, AMQP_BASIC_CONSUME_METHOD, AMQP_BASIC_CONSUME_OK_METHOD, &consume);
    if (answer.has_error()) return answer.error();
    return {};
}

/// Nothing while it is worth asking again.
std::optional<std::string> DeployListener::Consumer::find_holder(bool is_last_time) {
    if (!settings_.find_holder) return "another consumer (`rabbitmqctl list_consumers` names it)";
    auto found = settings_.find_holder(settings_.queue);
    if (!found.has_error()) return *found;
    if (found.error().kind == ErrorKind::not_found && !is_last_time) return std::nullopt;
    return "another consumer (asked who, but " + found.error().message + ")";
}

SessionEnd DeployListener::Consumer::ended_by(const std::string& holder) {
    const std::string text = "queue '" + settings_.queue + "' has its one consumer already: " + holder;
    if (succeeded_) return {{EventKind::disconnected, text}};
    return {{EventKind::held_by_other, text}, true};
}

/// While the disk owes the verdict on one batch the next is taken, if it is there already.
SessionEnd DeployListener::Consumer::consume(Connection& connection) {
    std::optional<Handled> last;
    Result<void> done;
    while (!done.has_error() && !thread_.stopping()) {
        auto batch = take_batch(connection, last ? milliseconds(0) : milliseconds(60'000));
        if (batch.has_error()) return {{EventKind::disconnected, batch.error().message}};
        std::optional<Handled> next;
        if (!batch->empty()) next = Handled{handler_(*batch), batch->back().tag};
        if (last) done = settle(connection, *last);
        last.reset();
        if (!next) continue;
        if (!next->verdict.is_there()) last = std::move(next);
        else if (!done.has_error()) done = settle(connection, *next);
    }
    if (!done.has_error() && last) done = settle(connection, *last);
    return {{EventKind::disconnected, done.has_error() ? done.error().message : "stopped"}};
}

Result<void> DeployListener::Consumer::settle(Connection& connection, Handled& batch) {
    if (batch.verdict.get() == BatchVerdict::acknowledge) return acknowledge(connection, batch.last_tag);
    // Closing the connection is what makes the broker deliver again, in the old order.
    return Error{ErrorKind::unavailable, "the messages could not be taken care of; they will come again"};
}

/// Waits so long for a first message, then takes what is already there. Empty when there is none, or when woken.
Result<std::vector<Delivery>> DeployListener::Consumer::take_batch(Connection& connection, milliseconds patience) {
    std::vector<Delivery> batch;
    size_t bytes = 0;
    while (batch.size() < settings_.prefetch && bytes < settings_.batch_bytes_max) {
        amqp_frame_t frame{};
        auto outcome = connection.wait_frame(frame, batch.empty() ? patience : milliseconds(0),
                                             batch.empty() ? &thread_.wake() : nullptr);
        if (outcome.has_error()) return outcome.error();
        if (*outcome != WaitOutcome::frame) break;
        if (auto closed = connection.closed_by(frame)) return *closed;
        if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_CANCEL_METHOD) {
            return Error{ErrorKind::unavailable, "queue '" + settings_.queue + "' was deleted"};
        }
        if (auto delivery = assembler_.take(frame)) {
            bytes += delivery->body.size();
            batch.push_back(std::move(*delivery));
        }
        connection.release(frame.channel);
    }
    return batch;
}

Result<void> DeployListener::Consumer::acknowledge(Connection& connection, uint64_t tag) {
    amqp_basic_ack_t ack{tag, 1};
    return connection.send(main_channel, AMQP_BASIC_ACK_METHOD, &ack);
}

DeployListener::DeployListener(SessionSettings session, ListenerSettings settings, BatchHandler handler)
    : consumer_(std::make_unique<Consumer>(std::move(session), std::move(settings), std::move(handler))) {}

DeployListener::~DeployListener() {
    stop();
}

void DeployListener::start() {
    consumer_->start();
}

void DeployListener::stop() {
    consumer_->stop();
}

}  // namespace elasticity::rabbitmq
