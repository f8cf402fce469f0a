#pragma once
#include <functional>
#include <span>
#include <string>

#include "core/daemon/desired_store.hpp"
#include "core/daemon/status_outbox.hpp"
#include "core/io/rabbitmq/deploy_listener.hpp"

namespace elasticity {

/// Takes batches of deploy messages: reads, applies and commits them together, answers each, and only then lets
/// them be acknowledged. What was refused as a whole goes to the dead-letter queue.
///
/// Threads: the listener's.
class DeployHandler {
public:
    struct Surroundings {
        DesiredStore& store;
        StatusOutbox& outbox;
        JournalThread& journal;
        std::string default_target_id;
        std::string dead_letter_queue;
        /// Describes a tool as it is seen now, and calls back from any thread.
        std::function<void(ToolKey, std::function<void(boost::json::object)>)> describe;
    };

    explicit DeployHandler(Surroundings surroundings) : with_(std::move(surroundings)) {}

    rabbitmq::PendingVerdict handle(std::span<const rabbitmq::Delivery> deliveries);

private:
    struct Incoming;
    Incoming read(const rabbitmq::Delivery& delivery) const;
    void answer(const Incoming& incoming, const std::vector<Applied>& results, const DesiredState& state, JournalBatch& batch);
    JournalBatch answers(const std::vector<Incoming>& batch, const DesiredStore::Committed& committed);
    void reject(const Incoming& incoming, JournalBatch& batch);
    void describe(const Incoming& incoming, const Applied& applied);

    Surroundings with_;
};

}  // namespace elasticity
