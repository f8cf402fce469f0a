#include "core/io/rabbitmq/connection.hpp"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>

#include "core/io/rabbitmq/wake_event.hpp"

namespace elasticity::rabbitmq {
namespace {

constexpr int frame_bytes_max = 131072;
constexpr char system_ca_file[] = "/etc/ssl/certs/ca-certificates.crt";

timeval to_timeval(std::chrono::milliseconds duration) {
    return {static_cast<time_t>(duration.count() / 1000),
            static_cast<suseconds_t>(duration.count() % 1000 * 1000)};
}

amqp_table_entry_t text_entry(const char* key, const std::string& value) {
    amqp_table_entry_t entry{};
    entry.key = amqp_cstring_bytes(key);
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = view_of(value);
    return entry;
}

amqp_table_entry_t true_entry(const char* key) {
    amqp_table_entry_t entry{};
    entry.key = amqp_cstring_bytes(key);
    entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    entry.value.value.boolean = 1;
    return entry;
}

ErrorKind kind_of_reply_code(int code) {
    switch (code) {
        case AMQP_NOT_FOUND:
            return ErrorKind::not_found;
        case AMQP_RESOURCE_LOCKED:
        case AMQP_PRECONDITION_FAILED:
            return ErrorKind::conflict;
        case AMQP_ACCESS_REFUSED:
        case AMQP_NOT_ALLOWED:
            return ErrorKind::refused;
        default:
            return ErrorKind::unavailable;
    }
}

/// rabbitmq-c's own words for TLS do not say what to look at.
std::string status_text(int status, int error_number) {
    switch (status) {
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
            return "the broker's certificate is not signed by a trusted authority (ca_file)";
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
            return "the broker's certificate is for another host name";
        case AMQP_STATUS_SSL_CONNECTION_FAILED:
            return "the TLS handshake failed";
        case AMQP_STATUS_SOCKET_ERROR:
        case AMQP_STATUS_TCP_ERROR:
            // rabbitmq-c connects without blocking and keeps the outcome to itself.
            if (error_number == EINPROGRESS) return "refused, or not reachable";
            if (error_number != 0) return std::string("socket: ") + std::strerror(error_number);
            return "the socket failed";
        case AMQP_STATUS_CONNECTION_CLOSED:
            return "the broker closed the connection";
        default:
            return amqp_error_string2(status);
    }
}

/// `queue.declare` for `AMQP_QUEUE_DECLARE_METHOD`.
std::string method_text(amqp_method_number_t method) {
    constexpr std::string_view prefix = "AMQP_";
    constexpr std::string_view suffix = "_METHOD";
    const char* known = amqp_method_name(method);
    std::string_view name = known != nullptr ? known : "";
    if (name.size() <= prefix.size() + suffix.size()) return "method " + std::to_string(method);
    name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    std::string text;
    bool in_class = true;
    for (const char c : name) {
        const char separator = in_class ? '.' : '-';
        text += c == '_' ? separator : static_cast<char>(c - 'A' + 'a');
        if (c == '_') in_class = false;
    }
    return text;
}

Result<void> set_up_tls(amqp_socket_t* socket, const TlsOptions& tls) {
    amqp_ssl_socket_set_verify_peer(socket, tls.verify);
    amqp_ssl_socket_set_verify_hostname(socket, tls.verify);
    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    const std::string ca_file = tls.ca_file.empty() ? system_ca_file : tls.ca_file;
    if (tls.verify && amqp_ssl_socket_set_cacert(socket, ca_file.c_str()) != AMQP_STATUS_OK) {
        return Error{ErrorKind::invalid, "ca_file: must be a readable PEM file, got " + ca_file};
    }
    if (tls.cert_file.empty()) return {};
    if (amqp_ssl_socket_set_key(socket, tls.cert_file.c_str(), tls.key_file.c_str()) != AMQP_STATUS_OK) {
        return Error{ErrorKind::invalid,
                     "cert_file, key_file: must be a readable PEM certificate and its key, got " +
                         tls.cert_file + ", " + tls.key_file};
    }
    return {};
}

}  // namespace

amqp_bytes_t view_of(const std::string& text) {
    return {text.size(), const_cast<char*>(text.data())};
}

std::string text_of(amqp_bytes_t bytes) {
    return bytes.len == 0 ? std::string() : std::string(static_cast<const char*>(bytes.bytes), bytes.len);
}

Connection::Connection(const Endpoint& endpoint)
    : state_(amqp_new_connection()), name_(to_text(endpoint)), username_(endpoint.username) {
    if (state_ == nullptr) throw std::bad_alloc();
}

Connection::~Connection() {
    if (interrupt_fd_ >= 0) ::close(interrupt_fd_);
    amqp_destroy_connection(state_);
}

Result<std::unique_ptr<Connection>> Connection::open(const Endpoint& endpoint, const std::string& module_name,
                                                     const std::string& role) {
    std::unique_ptr<Connection> connection(new Connection(endpoint));
    if (auto done = connection->connect(endpoint); done.has_error()) return done.error();
    if (auto done = connection->log_in(endpoint, module_name, role); done.has_error()) return done.error();
    return connection;
}

Result<void> Connection::connect(const Endpoint& endpoint) {
    amqp_socket_t* socket = endpoint.tls ? amqp_ssl_socket_new(state_) : amqp_tcp_socket_new(state_);
    if (socket == nullptr) throw std::bad_alloc();
    is_tls_ = endpoint.tls.has_value();
    if (endpoint.tls) {
        if (auto done = set_up_tls(socket, *endpoint.tls); done.has_error())
            return within(name_, done.error());
    }
    timeval timeout = to_timeval(endpoint.connect_timeout);
    amqp_set_handshake_timeout(state_, &timeout);
    amqp_set_rpc_timeout(state_, &timeout);
    errno = 0;
    const int status = amqp_socket_open_noblock(socket, endpoint.host.c_str(), endpoint.port, &timeout);
    if (status != AMQP_STATUS_OK) return failure("connect", status);
    interrupt_fd_ = ::fcntl(amqp_get_sockfd(state_), F_DUPFD_CLOEXEC, 0);
    return {};
}

Result<void> Connection::log_in(const Endpoint& endpoint, const std::string& module_name,
                                const std::string& role) {
    const std::string product = "elasticity";
    const std::string version = ELASTICITY_VERSION;
    const std::string connection_name = product + " " + module_name + " " + role;
    std::array capabilities{true_entry("connection.blocked"), true_entry("consumer_cancel_notify"),
                            true_entry("publisher_confirms"), true_entry("basic.nack")};
    amqp_table_entry_t capability_table{};
    capability_table.key = amqp_cstring_bytes("capabilities");
    capability_table.value.kind = AMQP_FIELD_KIND_TABLE;
    capability_table.value.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
    std::array properties{text_entry("product", product), text_entry("version", version),
                          text_entry("instance", module_name), text_entry("connection_name", connection_name),
                          capability_table};
    const amqp_table_t table{static_cast<int>(properties.size()), properties.data()};
    const amqp_rpc_reply_t reply = amqp_login_with_properties(
        state_, endpoint.virtual_host.c_str(), 0, frame_bytes_max, endpoint.heartbeat_s, &table,
        AMQP_SASL_METHOD_PLAIN, endpoint.username.c_str(), endpoint.password.reveal().c_str());
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) return failure("log in", reply);
    heartbeat_s_ = amqp_get_heartbeat(state_);
    return {};
}

Result<void> Connection::open_channel(amqp_channel_t channel) {
    amqp_channel_open_t arguments{amqp_empty_bytes};
    auto answer = call(channel, AMQP_CHANNEL_OPEN_METHOD, AMQP_CHANNEL_OPEN_OK_METHOD, &arguments);
    if (answer.has_error()) return answer.error();
    return {};
}

Result<void> Connection::close_channel(amqp_channel_t channel) {
    amqp_channel_close_t arguments{AMQP_REPLY_SUCCESS, amqp_empty_bytes, 0, 0};
    auto answer = call(channel, AMQP_CHANNEL_CLOSE_METHOD, AMQP_CHANNEL_CLOSE_OK_METHOD, &arguments);
    if (answer.has_error()) return answer.error();
    release(channel);
    return {};
}

Result<void*> Connection::call(amqp_channel_t channel, amqp_method_number_t method,
                               amqp_method_number_t answer, void* arguments) {
    last_reply_code_ = 0;
    if (auto sent = release_sends(); sent.has_error()) return sent.error();
    std::array<amqp_method_number_t, 2> answers{answer, 0};
    const amqp_rpc_reply_t reply = amqp_simple_rpc(state_, channel, method, answers.data(), arguments);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return reply.reply.decoded;
    const Error error = failure(method_text(method), reply);
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) answer_close(channel, reply.reply);
    return error;
}

void Connection::hold_sends() {
    if (sends_held_) return;
    const int on = 1;
    // Where it fails the frames go one by one, which is as good.
    sends_held_ = ::setsockopt(amqp_get_sockfd(state_), IPPROTO_TCP, TCP_CORK, &on, sizeof on) == 0;
}

Result<void> Connection::release_sends() {
    if (!together_.empty()) {
        auto written = write_all(together_);
        together_.clear();
        if (written.has_error()) return written;
    }
    if (!sends_held_) return {};
    const int off = 0;
    ::setsockopt(amqp_get_sockfd(state_), IPPROTO_TCP, TCP_CORK, &off, sizeof off);
    sends_held_ = false;
    return {};
}

/// rabbitmq-c writes whole frames from this same thread, so that ours may stand between them.
Result<void> Connection::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(amqp_get_sockfd(state_), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
        if (written >= 0 || errno == EINTR) continue;
        if (errno != EAGAIN) return failure("send", AMQP_STATUS_SOCKET_ERROR);
        pollfd full{amqp_get_sockfd(state_), POLLOUT, 0};
        if (::poll(&full, 1, heartbeat_s_ > 0 ? 2'000 * heartbeat_s_ : -1) == 0)
            return failure("send", AMQP_STATUS_TIMEOUT);
    }
    return {};
}

/// A method frame as in AMQP 0-9-1, section 2.3.5: type, channel, size, class and method id, arguments, end.
Result<void> Connection::send_together(amqp_channel_t channel, amqp_method_number_t method, void* arguments) {
    if (is_tls_) {
        hold_sends();
        return send(channel, method, arguments);
    }
    std::array<unsigned char, 1024> encoded;
    const int size = amqp_encode_method(method, arguments, {encoded.size(), encoded.data()});
    if (size < 0) return failure("encode", size);
    const auto put = [this](uint64_t value, int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
            together_ += static_cast<char>(value >> shift & 0xFF);
    };
    put(AMQP_FRAME_METHOD, 1);
    put(channel, 2);
    put(static_cast<uint64_t>(size) + 4, 4);
    put(method, 4);
    together_.append(reinterpret_cast<const char*>(encoded.data()), static_cast<size_t>(size));
    put(AMQP_FRAME_END, 1);
    return {};
}

/// Powers of two, as each change costs a system call.
void Connection::set_receive_low_water() {
    // OpenSSL may hold a part of what is sure, where poll does not see it.
    const int low_water = is_tls_ || sure_bytes_ == 0 ? 1 : static_cast<int>(std::bit_floor(sure_bytes_));
    if (low_water == receive_low_water_) return;
    // Where it fails every packet wakes us.
    ::setsockopt(amqp_get_sockfd(state_), SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
    receive_low_water_ = low_water;
}

Result<void> Connection::send(amqp_channel_t channel, amqp_method_number_t method, void* arguments) {
    const int status = amqp_send_method(state_, channel, method, arguments);
    if (status != AMQP_STATUS_OK) return failure("send", status);
    return {};
}

Result<void> Connection::publish(amqp_channel_t channel, const std::string& queue, bool mandatory,
                                 const amqp_basic_properties_t& properties, const std::string& body) {
    const int status = amqp_basic_publish(state_, channel, amqp_empty_bytes, view_of(queue), mandatory, 0,
                                          &properties, view_of(body));
    if (status != AMQP_STATUS_OK) return failure("publish", status);
    return {};
}

Result<WaitOutcome> Connection::wait_frame(amqp_frame_t& frame, std::chrono::milliseconds timeout,
                                           WakeEvent* wake) {
    using std::chrono::steady_clock;
    const auto deadline = steady_clock::now() + timeout;
    // rabbitmq-c sends heartbeats only while it is asked for frames.
    const int64_t poll_ms_max = heartbeat_s_ > 0 ? heartbeat_s_ * 250 : 60'000;
    // A frame may wait in the buffers of rabbitmq-c or OpenSSL, where poll does not see it. Where they are known to be
    // empty, asking before the poll would only cost system calls.
    bool may_wait = is_tls_ || timeout.count() <= 0 || amqp_frames_enqueued(state_) != 0 ||
                    amqp_data_in_buffer(state_) != 0;
    for (;; may_wait = true) {
        if (may_wait) {
            const timeval at_once{0, 0};
            const int status = amqp_simple_wait_frame_noblock(state_, &frame, &at_once);
            if (status == AMQP_STATUS_OK) return WaitOutcome::frame;
            if (status != AMQP_STATUS_TIMEOUT) return failure("wait", status);
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
        if (auto sent = release_sends(); sent.has_error()) return sent.error();
        if (left <= 0) return WaitOutcome::timeout;
        set_receive_low_water();
        std::array<pollfd, 2> polled{pollfd{amqp_get_sockfd(state_), POLLIN, 0},
                                     pollfd{wake != nullptr ? wake->fd() : -1, POLLIN, 0}};
        const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(std::min(left, poll_ms_max)));
        if (ready < 0 && errno != EINTR) return failure("wait", AMQP_STATUS_SOCKET_ERROR);
        if (ready > 0 && polled[1].revents != 0) return WaitOutcome::woken;
    }
}

void Connection::release(amqp_channel_t channel) {
    amqp_maybe_release_buffers_on_channel(state_, channel);
}

std::optional<Error> Connection::closed_by(const amqp_frame_t& frame) {
    if (frame.frame_type != AMQP_FRAME_METHOD) return std::nullopt;
    const amqp_method_t& method = frame.payload.method;
    if (method.id != AMQP_CHANNEL_CLOSE_METHOD && method.id != AMQP_CONNECTION_CLOSE_METHOD)
        return std::nullopt;
    amqp_rpc_reply_t reply{AMQP_RESPONSE_SERVER_EXCEPTION, method, 0};
    const Error error = failure("closed", reply);
    answer_close(frame.channel, method);
    return error;
}

void Connection::answer_close(amqp_channel_t channel, const amqp_method_t& method) {
    // A failure shows at the next use of the connection. What waits was meant for the channel as it was.
    if (release_sends().has_error()) return;
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
        amqp_channel_close_ok_t ok{};
        amqp_send_method(state_, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    } else {
        amqp_connection_close_ok_t ok{};
        amqp_send_method(state_, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
        broken_ = true;
    }
}

void Connection::close() {
    if (broken_) return;
    broken_ = true;
    if (release_sends().has_error()) return;
    // A broker under alarm does not read from a publisher: the good-bye must not wait for its answer long.
    const timeval timeout{1, 0};
    amqp_set_rpc_timeout(state_, &timeout);
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
}

void Connection::interrupt() {
    if (interrupt_fd_ >= 0) ::shutdown(interrupt_fd_, SHUT_RDWR);
}

int Connection::channel_max() const {
    const int negotiated = amqp_get_channel_max(state_);
    return negotiated == 0 ? 65535 : negotiated;
}

Error Connection::failure(const std::string& doing, const amqp_rpc_reply_t& reply) {
    if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) {
        const int status =
            reply.reply_type == AMQP_RESPONSE_NONE ? AMQP_STATUS_CONNECTION_CLOSED : reply.library_error;
        return failure(doing, status);
    }
    Error error{ErrorKind::unavailable, "an unexpected answer of the broker"};
    if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_channel_close_t*>(reply.reply.decoded);
        error = broker_error(close->reply_code, close->reply_text);
    } else if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
        error = broker_error(close->reply_code, close->reply_text);
    }
    return within(name_ + ": " + doing, error);
}

Error Connection::failure(const std::string& doing, int status) {
    broken_ = true;
    last_reply_code_ = 0;
    const std::string text = status_text(status, errno);
    return within(name_ + ": " + doing, Error{ErrorKind::unavailable, text});
}

Error Connection::broker_error(int code, amqp_bytes_t text) {
    last_reply_code_ = code;
    std::string words = text_of(text);
    // The broker names the user; where our texts end up, log-ins are not shown.
    const std::string named = "user '" + username_ + "'";
    if (const size_t at = words.find(named); at != std::string::npos) {
        words.replace(at, named.size(), "the configured user");
    }
    return {kind_of_reply_code(code), words};
}

}  // namespace elasticity::rabbitmq
