#pragma once
#include <amqp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/rabbitmq/endpoint.hpp"
#include "core/model/error.hpp"

namespace elasticity::rabbitmq {

class WakeEvent;

enum class WaitOutcome { frame, timeout, woken };

/// Who uses which channel of a connection.
constexpr amqp_channel_t main_channel = 1;   ///< the owner of the connection
constexpr amqp_channel_t admin_channel = 2;  ///< queue_admin.hpp: open during one call only

/// One AMQP connection, TCP or TLS.
///
/// Threads: it belongs to the thread that opened it; `interrupt` alone may be called from others.
/// Heartbeats are kept inside `wait_frame` and `call`: a thread that does neither for longer than twice
/// `heartbeat_s` is cut off by the broker.
class Connection {
public:
    /// Connects and logs in. `role` is shown by the broker as `elasticity <module> <role>`.
    static Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint, const std::string& module_name,
                                                    const std::string& role);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Result<void> open_channel(amqp_channel_t channel);
    Result<void> close_channel(amqp_channel_t channel);

    /// Sends a method and waits for one of its answers. A channel exception leaves the connection usable;
    /// the broker's reply code is then in `last_reply_code`.
    Result<void*> call(amqp_channel_t channel, amqp_method_number_t method, amqp_method_number_t answer,
                       void* arguments);

    /// Before a burst of sends: the kernel puts small frames together until this thread next waits for the broker.
    /// rabbitmq-c gives each frame to the kernel by itself, and each would else be a packet and a wake-up of the
    /// broker. Nothing is held back for longer than 200 ms (tcp(7), TCP_CORK).
    void hold_sends();

    /// Sends a method and waits for nothing.
    Result<void> send(amqp_channel_t channel, amqp_method_number_t method, void* arguments);

    /// The same for a burst of methods with short texts: sent with one system call, when this thread next waits for the
    /// broker. Over TLS they are sent at once.
    Result<void> send_together(amqp_channel_t channel, amqp_method_number_t method, void* arguments);

    /// Publishes to the default exchange and waits for nothing.
    Result<void> publish(amqp_channel_t channel, const std::string& queue, bool mandatory,
                         const amqp_basic_properties_t& properties, const std::string& body);

    /// The next frame of any channel, valid until the next call; heartbeats never show. Ends early when
    /// `wake` (may be null) is notified; the notification stays pending.
    Result<WaitOutcome> wait_frame(amqp_frame_t& frame, std::chrono::milliseconds timeout, WakeEvent* wake);

    /// What the broker is sure to send, whatever it answers: `wait_frame` wakes up for no less, so that a burst of answers
    /// costs few wake-ups. Zero ends it. (SO_RCVLOWAT, socket(7); without effect over TLS.)
    void expect_bytes(size_t sure) { sure_bytes_ = sure; }

    /// Frees what the channel's earlier frames used. Every frame of it becomes invalid.
    void release(amqp_channel_t channel);

    /// Why the broker closed the connection or a channel, if `frame` says so; the close is answered.
    std::optional<Error> closed_by(const amqp_frame_t& frame);

    /// Says good-bye to the broker. After it, or after any failure, the object can only be destroyed.
    void close();

    /// Breaks the connection, and with it a send that the broker lets wait. Any thread, while the object
    /// lives.
    void interrupt();

    /// AMQP reply code of the last exception (404, 406 ...); 0: the last failure was not the broker's.
    int last_reply_code() const { return last_reply_code_; }
    int channel_max() const;
    /// `amqp://host:port/virtual_host`
    const std::string& name() const { return name_; }

private:
    explicit Connection(const Endpoint& endpoint);
    Result<void> release_sends();
    void set_receive_low_water();
    Result<void> write_all(std::string_view bytes);
    Result<void> connect(const Endpoint& endpoint);
    Result<void> log_in(const Endpoint& endpoint, const std::string& module_name, const std::string& role);
    Error failure(const std::string& doing, const amqp_rpc_reply_t& reply);
    Error failure(const std::string& doing, int status);
    Error broker_error(int code, amqp_bytes_t text);
    void answer_close(amqp_channel_t channel, const amqp_method_t& method);

    amqp_connection_state_t state_;
    std::string name_;
    std::string username_;
    int heartbeat_s_ = 0;
    int last_reply_code_ = 0;
    bool broken_ = false;
    bool sends_held_ = false;
    bool is_tls_ = false;
    size_t sure_bytes_ = 0;
    int receive_low_water_ = 1;
    std::string together_;  ///< whole frames
    /// A duplicate: rabbitmq-c may close its own descriptor at any time, and the number be used again.
    int interrupt_fd_ = -1;
};

/// A view for rabbitmq-c; the text must outlive it.
amqp_bytes_t view_of(const std::string& text);
std::string text_of(amqp_bytes_t bytes);

}  // namespace elasticity::rabbitmq
