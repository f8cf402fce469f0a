#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/io/rabbitmq/publisher.hpp"
#include "core/io/state/journal_thread.hpp"
#include "core/runtime/control_loop.hpp"
#include "core/runtime/ports.hpp"

namespace elasticity {

/// Where the answers to a request go, beside the status queue.
struct ReplyAddress {
    std::string request_id;
    std::string reply_to;
    std::string correlation_id;
};

/// Statuses on their way: durable in the journal first, published with confirms then.
///
/// Threads: any.
class StatusOutbox : public StatusSink {
public:
    StatusOutbox(JournalThread& journal, std::string module, std::string status_queue);

    /// Statuses of a request are also sent to who asked for it; found again after a restart.
    void recover(const std::vector<ToolStatusRow>& rows);
    void remember(const ToolKey& key, ReplyAddress reply);
    void forget(const ToolKey& key);

    /// The control loop's statuses. One that the journal cannot keep is logged and told to `on_lost`.
    void publish(const ToolKey& key, const Status& status) override;

    /// Adds a status to a batch that the caller submits. `answer` is where this one goes beside the status queue.
    void add(JournalBatch& batch, const std::optional<ToolKey>& key, const Status& status,
             const std::optional<ReplyAddress>& answer);

    /// Called after each submitted batch: there may be something to publish.
    void set_notify(std::function<void()> notify);
    void notify();
    /// Called on the journal's thread. To be set before the first status.
    void set_on_lost(std::function<void(const ToolKey&)> on_lost);

    /// For the publisher's thread.
    rabbitmq::OutboxSource source();

private:
    StatusEntry entry_for(const ToolKey& key, const Status& status, const std::optional<ReplyAddress>& answer);
    OutboxMessage message_for(const std::string& queue, const std::string& body, const std::optional<ReplyAddress>& answer) const;

    JournalThread& journal_;
    std::string module_;
    std::string status_queue_;
    std::mutex mutex_;
    std::map<ToolKey, ReplyAddress> replies_;
    std::function<void()> notify_;
    std::function<void(const ToolKey&)> on_lost_;
};

/// The control loop's port, on the journal's thread.
class LoopJournal : public Journal {
public:
    using Post = std::function<void(std::function<void(ControlLoop&)>)>;

    LoopJournal(JournalThread& journal, Post post) : journal_(journal), post_(std::move(post)) {}

    void commit(JournalEntry entry, CallToken token) override;

private:
    JournalThread& journal_;
    Post post_;
};

/// What a crash left, in the words of the control loop. Rows that cannot be read are left out with a warning.
Recovered recover_loop(const JournalContents& contents);

}  // namespace elasticity
