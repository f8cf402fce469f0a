// Consumes messages and only acknowledges them, each by itself: the least that a consumer of deploy messages does.
//     elasticity-bench-bare-consumer HOST PORT QUEUE COUNT
// Prints "ready" once it consumes, and after each COUNT acknowledgements the time, in nanoseconds since 1970. Ends
// when its standard output is closed or it is killed: it stays connected between bursts, as the module does.
#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr amqp_channel_t channel = 1;
constexpr uint16_t prefetch = 2000;  // as the deploy listener has it

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "bare consumer: %s failed\n", what.c_str());
    std::exit(1);
}

void expect_reply(amqp_connection_state_t connection, const char* what) {
    if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

amqp_connection_state_t connect(const char* host, int port) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t* socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, host, port) != AMQP_STATUS_OK) fail("connect");
    const auto login = amqp_login(connection, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    if (login.reply_type != AMQP_RESPONSE_NORMAL) fail("login");
    amqp_channel_open(connection, channel);
    expect_reply(connection, "open channel");
    return connection;
}

void start_consuming(amqp_connection_state_t connection, const char* queue) {
    amqp_basic_qos(connection, channel, 0, prefetch, false);
    expect_reply(connection, "qos");
    amqp_basic_consume(connection, channel, amqp_cstring_bytes(queue), amqp_empty_bytes, false, false, true, amqp_empty_table);
    expect_reply(connection, "consume");
    std::puts("ready");
    std::fflush(stdout);
}

void acknowledge(amqp_connection_state_t connection, long count) {
    for (long i = 0; i < count; ++i) {
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(connection);
        if (amqp_consume_message(connection, &envelope, nullptr, 0).reply_type != AMQP_RESPONSE_NORMAL) fail("consume");
        if (amqp_basic_ack(connection, channel, envelope.delivery_tag, false) != AMQP_STATUS_OK) fail("acknowledge");
        amqp_destroy_envelope(&envelope);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) fail("reading HOST PORT QUEUE COUNT");
    amqp_connection_state_t connection = connect(argv[1], std::atoi(argv[2]));
    start_consuming(connection, argv[3]);
    for (;;) {
        acknowledge(connection, std::atol(argv[4]));
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        std::printf("%lld\n", static_cast<long long>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()));
        if (std::fflush(stdout) != 0) return 0;
    }
}
