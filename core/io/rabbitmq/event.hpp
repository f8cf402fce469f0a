#pragma once
#include <functional>
#include <string>

namespace elasticity::rabbitmq {

enum class EventKind {
    connected,
    disconnected,    ///< it reconnects by itself; the text says why it broke
    blocked,         ///< the broker accepts no messages at present (memory or disk alarm); not an error
    unblocked,       ///< it does again
    held_by_other,   ///< final: another consumer owns the queue; the text names it
    queue_mismatch,  ///< final: the queue exists with other arguments; the text names the difference
    dropped,         ///< a message that can never be published was removed from the outbox
    warning,
};

/// What happened to a connection, for status and log: one line, without credentials.
struct Event {
    EventKind kind;
    std::string text;
};

/// Called on the thread of the connection it tells of; must not block.
using EventSink = std::function<void(const Event&)>;

}  // namespace elasticity::rabbitmq
