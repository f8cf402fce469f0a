#include "core/plugin_host/isolation/channel.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace elasticity {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;

Error unusable(const char* what, int error_number) {
    return {ErrorKind::unavailable, std::string("its socket cannot be ") + what + ": " + std::strerror(error_number)};
}

}  // namespace

Result<> Channel::send(const WireMessage& message) {
    const auto frame = to_frame(to_text(message));
    if (!frame) return frame.error();
    const std::scoped_lock lock(sending_);
    for (std::size_t sent = 0; sent < frame->size();) {
        const ssize_t count = ::send(socket_.get(), frame->data() + sent, frame->size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) return unusable("written to", errno);
        if (count > 0) sent += static_cast<std::size_t>(count);
    }
    return {};
}

Result<bool> Channel::fill() {
    std::array<char, chunk_bytes> chunk;
    for (;;) {
        const ssize_t count = recv(socket_.get(), chunk.data(), chunk.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return unusable("read", errno);
        reader_.feed({chunk.data(), static_cast<std::size_t>(count)});
        return count > 0;
    }
}

Result<std::optional<WireMessage>> Channel::next() {
    const auto payload = reader_.next();
    if (!payload) return payload.error();
    if (!*payload) return std::optional<WireMessage>();
    auto message = to_message(**payload);
    if (!message) return message.error();
    return std::optional<WireMessage>(std::move(*message));
}

Result<std::optional<WireMessage>> Channel::receive() {
    for (;;) {
        auto message = next();
        if (!message || *message) return message;
        const auto more = fill();
        if (!more) return more.error();
        if (!*more) return std::optional<WireMessage>();
    }
}

void Channel::end_sending() { shutdown(socket_.get(), SHUT_WR); }

}  // namespace elasticity
