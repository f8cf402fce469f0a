#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/io/rabbitmq/delivery.hpp"
#include "core/model/error.hpp"

namespace elasticity::rabbitmq {

class Connection;
class MessageAssembler;

/// A queue for the answers to our own messages: exclusive, named by the broker, gone with the connection.
/// The connection is the caller's, outlives it, and is used by nobody else in the meantime: publish on
/// another.
class ReplyQueue {
public:
    static Result<ReplyQueue> open(Connection& connection);
    ReplyQueue(ReplyQueue&&) noexcept;
    ~ReplyQueue();

    /// What a message carries as `reply_to`.
    const std::string& name() const { return name_; }
    /// The next answer, or nothing when none came in time. It is acknowledged by being delivered.
    Result<std::optional<Delivery>> wait(std::chrono::milliseconds timeout);

private:
    ReplyQueue(Connection& connection, std::string name);
    Connection* connection_;
    std::string name_;
    std::unique_ptr<MessageAssembler> assembler_;
};

}  // namespace elasticity::rabbitmq
