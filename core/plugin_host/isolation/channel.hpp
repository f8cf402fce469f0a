#pragma once
#include <mutex>
#include <optional>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"
#include "core/plugin_host/isolation/frame.hpp"
#include "core/plugin_host/isolation/message.hpp"

namespace elasticity {

/// One end of the stream socket between the daemon and a plugin's process.
///
/// Threads: any may send, a message at a time; one receives.
class Channel {
public:
    explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}

    /// Blocks while the other end does not read, for as long as the socket's SO_SNDTIMEO says.
    /// Errors: `invalid`: it does not fit into a frame, nothing was sent; `unavailable`: the stream is unusable.
    Result<> send(const WireMessage& message);

    /// Blocks until some bytes have come; false at the end of the stream. Error: the stream is unusable.
    Result<bool> fill();
    /// A message that has come as a whole, or nothing. Error: what came is no message, and never will be.
    Result<std::optional<WireMessage>> next();
    /// Both: the next message, or nothing at the end of the stream.
    Result<std::optional<WireMessage>> receive();

    /// Tells the other end that nothing more comes from here.
    void end_sending();

    int descriptor() const { return socket_.get(); }

private:
    FileDescriptor socket_;
    std::mutex sending_;
    FrameReader reader_;
};

}  // namespace elasticity
