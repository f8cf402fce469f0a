#include "core/io/rabbitmq/publisher.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/message_assembler.hpp"
#include "core/io/rabbitmq/message_encoder.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"

namespace elasticity::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds source_retry{1'000};
constexpr size_t returned_body_bytes_max = 16 * 1024 * 1024;

}  // namespace

class Publisher::Sender {
public:
    Sender(SessionSettings session, PublisherSettings settings, OutboxSource source)
        : settings_(std::move(settings)),
          source_(std::move(source)),
          again_backoff_(session.backoff),
          thread_(std::move(session), "publisher",
                  [this](Connection& connection) { return run(connection); }) {}

    void start() { thread_.start(); }
    void stop() { thread_.stop(std::chrono::seconds(2)); }
    void notify() { thread_.wake().notify(); }

private:
    struct InFlight {
        OutboundMessage message;
        bool returned = false;
    };

    SessionEnd run(Connection& connection);
    Result<void> set_up(Connection& connection);
    void declare(Connection& connection, const std::string& queue);
    Result<void> fill_window(Connection& connection);
    std::optional<OutboundMessage> next_message();
    void fetch();
    void drop(const OutboundMessage& message, const std::string& why);

    Result<void> wait(Connection& connection);
    milliseconds wait_time() const;
    Result<void> take(Connection& connection, const amqp_frame_t& frame);
    Result<void> take_method(Connection& connection, const amqp_method_t& method);
    void take_return(const Delivery& returned);
    void settle(Connection& connection, uint64_t tag, bool multiple, bool accepted);
    void settle_one(Connection& connection, InFlight in_flight, bool accepted);
    void remove_confirmed();

    const PublisherSettings settings_;
    const OutboxSource source_;

    // Of one session:
    uint64_t last_tag_ = 0;
    std::map<uint64_t, InFlight> in_flight_;  // by the broker's delivery tag
    std::deque<OutboundMessage> fetched_;
    std::deque<OutboundMessage> again_;  // refused or returned; from `again_at_` on
    steady_clock::time_point again_at_{};
    int64_t after_id_ = 0;
    bool source_is_empty_ = false;
    bool blocked_ = false;
    MessageAssembler returns_{returned_body_bytes_max};

    // Over all sessions:
    std::set<int64_t> confirmed_;  // not yet removed from the source, and never published again
    steady_clock::time_point ask_source_at_{};
    Backoff again_backoff_;
    SessionThread thread_;
};

SessionEnd Publisher::Sender::run(Connection& connection) {
    auto done = set_up(connection);
    if (!done.has_error()) thread_.tell(EventKind::connected, connection.name() + ": publishes");
    while (!done.has_error() && !thread_.stopping()) {
        done = fill_window(connection);
        if (!done.has_error()) done = wait(connection);
        if (steady_clock::now() >= ask_source_at_) remove_confirmed();
    }
    remove_confirmed();
    return {{EventKind::disconnected, done.has_error() ? done.error().message : "stopped"}};
}

Result<void> Publisher::Sender::set_up(Connection& connection) {
    last_tag_ = 0;
    in_flight_.clear();
    fetched_.clear();
    again_.clear();
    after_id_ = 0;
    source_is_empty_ = false;
    blocked_ = false;
    returns_ = MessageAssembler(returned_body_bytes_max);
    if (auto opened = connection.open_channel(main_channel); opened.has_error()) return opened;
    amqp_confirm_select_t select{};
    auto selected =
        connection.call(main_channel, AMQP_CONFIRM_SELECT_METHOD, AMQP_CONFIRM_SELECT_OK_METHOD, &select);
    if (selected.has_error()) return selected.error();
    for (const std::string& queue : settings_.queues) declare(connection, queue);
    return {};
}

/// A queue with other arguments takes our messages just as well; a broken connection shows at its next use.
void Publisher::Sender::declare(Connection& connection, const std::string& queue) {
    auto declared = declare_queue(connection, queue);
    if (declared.has_error()) thread_.tell(EventKind::warning, declared.error().message);
}

Result<void> Publisher::Sender::fill_window(Connection& connection) {
    connection.hold_sends();
    while (!blocked_ && in_flight_.size() < settings_.window && !thread_.stopping()) {
        auto message = next_message();
        if (!message) return {};
        if (message->queue.size() > short_text_bytes_max) {
            drop(*message, "its queue name is over 255 bytes");
            continue;
        }
        auto sent = send_message(connection, main_channel, *message, message->mandatory);
        if (sent.has_error()) return sent;
        in_flight_.emplace(++last_tag_, InFlight{std::move(*message)});
    }
    return {};
}

std::optional<OutboundMessage> Publisher::Sender::next_message() {
    auto* from = &again_;
    if (again_.empty() || steady_clock::now() < again_at_) {
        if (fetched_.empty()) fetch();
        from = &fetched_;
    }
    if (from->empty()) return std::nullopt;
    OutboundMessage message = std::move(from->front());
    from->pop_front();
    return message;
}

void Publisher::Sender::fetch() {
    if (source_is_empty_ || steady_clock::now() < ask_source_at_) return;
    auto messages = source_.fetch(after_id_, settings_.fetch_max);
    ask_source_at_ = steady_clock::now() + settings_.pause;
    if (messages.has_error()) {
        thread_.tell(EventKind::warning, "outbox: " + messages.error().message);
        ask_source_at_ = steady_clock::now() + source_retry;
        return;
    }
    source_is_empty_ = messages->size() < settings_.fetch_max;
    for (OutboundMessage& message : *messages) {
        after_id_ = std::max(after_id_, message.id);
        if (!confirmed_.contains(message.id)) fetched_.push_back(std::move(message));
    }
}

void Publisher::Sender::drop(const OutboundMessage& message, const std::string& why) {
    thread_.tell(EventKind::dropped, "message " + std::to_string(message.id) + " was dropped: " + why);
    confirmed_.insert(message.id);
}

/// For the first frame, a notification or the next thing to do; then takes every frame that is there.
Result<void> Publisher::Sender::wait(Connection& connection) {
    milliseconds timeout = wait_time();
    WakeEvent* wake = &thread_.wake();
    for (;;) {
        amqp_frame_t frame{};
        auto outcome = connection.wait_frame(frame, timeout, wake);
        if (outcome.has_error()) return outcome.error();
        if (*outcome == WaitOutcome::woken) {
            thread_.wake().clear();
            source_is_empty_ = false;
        }
        if (*outcome != WaitOutcome::frame) return {};
        auto taken = take(connection, frame);
        if (taken.has_error()) return taken;
        connection.release(frame.channel);
        timeout = milliseconds(0);
        wake = nullptr;
    }
}

milliseconds Publisher::Sender::wait_time() const {
    const auto now = steady_clock::now();
    const auto until = [now](steady_clock::time_point then) {
        return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(then - now));
    };
    milliseconds wait = std::chrono::minutes(1);
    const bool has_room = !blocked_ && in_flight_.size() < settings_.window;
    if (has_room && !again_.empty()) wait = std::min(wait, until(again_at_));
    if (has_room && !source_is_empty_) wait = std::min(wait, until(ask_source_at_));
    if (!confirmed_.empty()) wait = std::min(wait, until(ask_source_at_));
    return wait;
}

Result<void> Publisher::Sender::take(Connection& connection, const amqp_frame_t& frame) {
    if (auto closed = connection.closed_by(frame)) return *closed;
    if (auto returned = returns_.take(frame)) take_return(*returned);
    if (frame.frame_type != AMQP_FRAME_METHOD) return {};
    return take_method(connection, frame.payload.method);
}

Result<void> Publisher::Sender::take_method(Connection& connection, const amqp_method_t& method) {
    switch (method.id) {
        case AMQP_BASIC_ACK_METHOD: {
            const auto ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
            settle(connection, ack.delivery_tag, ack.multiple != 0, true);
            break;
        }
        case AMQP_BASIC_NACK_METHOD: {
            const auto nack = *static_cast<const amqp_basic_nack_t*>(method.decoded);
            settle(connection, nack.delivery_tag, nack.multiple != 0, false);
            break;
        }
        case AMQP_CONNECTION_BLOCKED_METHOD:
            blocked_ = true;
            thread_.tell(EventKind::blocked,
                         connection.name() + ": the broker accepts no messages: " +
                             text_of(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason));
            break;
        case AMQP_CONNECTION_UNBLOCKED_METHOD:
            blocked_ = false;
            thread_.tell(EventKind::unblocked, connection.name() + ": the broker accepts messages again");
            break;
        default:
            break;
    }
    return {};
}

/// The broker sends what it returns before it confirms it, but without our tag. Messages that are equal in
/// queue, id and body are as good as each other, so that any of them may be the one.
void Publisher::Sender::take_return(const Delivery& returned) {
    for (auto& [tag, in_flight] : in_flight_) {
        const OutboundMessage& message = in_flight.message;
        if (!in_flight.returned && message.mandatory && message.queue == returned.routing_key &&
            message.body.size() == returned.body_bytes &&
            (returned.too_large || message.body == returned.body) &&
            (returned.message_id.empty() || message.message_id == returned.message_id)) {
            in_flight.returned = true;
            return;
        }
    }
}

void Publisher::Sender::settle(Connection& connection, uint64_t tag, bool multiple, bool accepted) {
    auto first = multiple ? in_flight_.begin() : in_flight_.find(tag);
    const auto last = in_flight_.upper_bound(tag);
    while (first != in_flight_.end() && first != last) {
        InFlight in_flight = std::move(first->second);
        first = in_flight_.erase(first);
        settle_one(connection, std::move(in_flight), accepted);
    }
}

void Publisher::Sender::settle_one(Connection& connection, InFlight in_flight, bool accepted) {
    const OutboundMessage& message = in_flight.message;
    if (accepted && !in_flight.returned) {
        confirmed_.insert(message.id);
        again_backoff_.reset();
        return;
    }
    if (in_flight.returned && message.queue.starts_with("amq.")) {
        drop(message, "its queue is gone, and is not ours to declare");
        return;
    }
    if (in_flight.returned) declare(connection, message.queue);
    if (again_.empty()) again_at_ = steady_clock::now() + again_backoff_.next(thread_.jitter());
    again_.push_back(std::move(in_flight.message));
}

void Publisher::Sender::remove_confirmed() {
    if (confirmed_.empty()) return;
    const std::vector<int64_t> ids(confirmed_.begin(), confirmed_.end());
    auto removed = source_.remove(ids);
    if (removed.has_error()) {
        thread_.tell(EventKind::warning, "outbox: " + removed.error().message);
        ask_source_at_ = steady_clock::now() + source_retry;
        return;
    }
    confirmed_.clear();
}

Publisher::Publisher(SessionSettings session, PublisherSettings settings, OutboxSource source)
    : sender_(std::make_unique<Sender>(std::move(session), std::move(settings), std::move(source))) {}

Publisher::~Publisher() {
    stop();
}

void Publisher::start() {
    sender_->start();
}

void Publisher::stop() {
    sender_->stop();
}

void Publisher::notify() {
    sender_->notify();
}

}  // namespace elasticity::rabbitmq
