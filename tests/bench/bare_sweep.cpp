// The least that a pipelined client of rabbitmq-c does: passive declares on as many channels, with as many
// outstanding on each, as the product has; a channel that a missing queue closed is opened again, and what was
// discarded on it is asked again. Nothing is sent together, and no answers are awaited in bulk.
//     elasticity-bench-bare-sweep AMQP_PORT COUNT
// Each line of standard input is a sweep.
#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <cstdlib>
#include <deque>

#include "tests/bench/sweep.hpp"

using elasticity::bench::Sweep;

namespace {

constexpr std::size_t channel_count = 32;
constexpr std::size_t outstanding_max = 16;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "bare sweep: %s failed\n", what);
    std::exit(1);
}

amqp_connection_state_t connect(int port) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t* socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) fail("connect");
    const auto login =
        amqp_login(connection, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    if (login.reply_type != AMQP_RESPONSE_NORMAL) fail("login");
    for (std::size_t i = 1; i <= channel_count; ++i) {
        amqp_channel_open(connection, static_cast<amqp_channel_t>(i));
        if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) fail("open channel");
    }
    return connection;
}

class BareSweep {
public:
    BareSweep(amqp_connection_state_t connection, const std::vector<std::string>& queues)
        : connection_(connection), queues_(queues), asked_(channel_count + 1) {
        for (std::size_t i = 0; i < queues.size(); ++i) unasked_.push_back(i);
    }

    Sweep run() {
        for (std::size_t channel = 1; channel <= channel_count; ++channel) fill(channel);
        while (sweep_.present + sweep_.missing < queues_.size()) {
            amqp_frame_t frame;
            if (amqp_simple_wait_frame(connection_, &frame) != AMQP_STATUS_OK) fail("wait");
            if (frame.frame_type != AMQP_FRAME_METHOD) continue;
            if (frame.payload.method.id == AMQP_QUEUE_DECLARE_OK_METHOD) take_counts(frame.channel);
            if (frame.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD) reopen(frame.channel);
            if (frame.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD) fail("staying connected");
            amqp_maybe_release_buffers_on_channel(connection_, frame.channel);
        }
        return sweep_;
    }

private:
    void send(std::size_t channel, amqp_method_number_t method, void* arguments) {
        const int status = amqp_send_method(connection_, static_cast<amqp_channel_t>(channel), method, arguments);
        if (status != AMQP_STATUS_OK) fail("send");
        ++sweep_.frames_sent;
    }

    void fill(std::size_t channel) {
        while (asked_[channel].size() < outstanding_max && !unasked_.empty()) {
            amqp_queue_declare_t declare{};
            declare.queue = amqp_cstring_bytes(queues_[unasked_.front()].c_str());
            declare.passive = 1;
            send(channel, AMQP_QUEUE_DECLARE_METHOD, &declare);
            asked_[channel].push_back(unasked_.front());
            unasked_.pop_front();
        }
    }

    void take_counts(std::size_t channel) {
        ++sweep_.present;
        asked_[channel].pop_front();
        fill(channel);
    }

    void reopen(std::size_t channel) {
        ++sweep_.missing;
        unasked_.insert(unasked_.begin(), asked_[channel].begin() + 1, asked_[channel].end());
        asked_[channel].clear();
        amqp_channel_close_ok_t close_ok{};
        send(channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &close_ok);
        amqp_channel_open_t open{amqp_empty_bytes};
        send(channel, AMQP_CHANNEL_OPEN_METHOD, &open);
        fill(channel);
    }

    amqp_connection_state_t connection_;
    const std::vector<std::string>& queues_;
    std::deque<std::size_t> unasked_;
    std::vector<std::deque<std::size_t>> asked_;  // by channel
    Sweep sweep_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) fail("reading AMQP_PORT COUNT");
    amqp_connection_state_t connection = connect(std::atoi(argv[1]));
    const auto queues = elasticity::bench::sweep_queues(std::strtoul(argv[2], nullptr, 10));
    return elasticity::bench::answer_lines([&](const std::string&) { return BareSweep(connection, queues).run(); });
}
