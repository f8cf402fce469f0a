#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace elasticity {

/// A creation that was decided; open until a complete list shows what became of it.
struct IntentRow {
    std::string key;  ///< primary
    std::string tool;
    std::string backend;
    std::string name;
    std::string spec_hash;
    std::int64_t created_unix_ms = 0;
    bool accepted = false;  ///< the backend has answered that it took the creation
};

/// What the scaling of one tool must remember across a restart.
struct ToolMemoryRow {
    std::string tool;  ///< primary
    std::uint64_t key_counter = 0;
    std::int64_t last_up_unix_ms = 0;
    std::int64_t last_down_unix_ms = 0;
    std::string data;  ///< JSON text of the scaling
};

/// The last status of one tool.
struct ToolStatusRow {
    std::string tool;  ///< primary
    std::uint64_t generation = 0;
    std::uint64_t sequence = 0;
    std::string state;
    std::string request_id;
    std::string reply_to;
    std::string correlation_id;
    std::string body;
};

/// A message that the broker has not confirmed yet.
struct OutboxRow {
    std::int64_t id = 0;
    std::string queue;
    std::string body;
    std::string properties;  ///< JSON text
    std::int64_t created_unix_ms = 0;
};

/// A message to put into the outbox.
struct OutboxMessage {
    std::string queue;
    std::string body;
    std::string properties;
    std::int64_t created_unix_ms = 0;
};

/// Where a status goes, beside being kept as the tool's last one.
struct StatusDestination {
    std::string queue;
    std::string properties;
};

/// A new status of one tool. The journal gives it its sequence: one more than the last of the same
/// generation, else 1.
struct StatusEntry {
    std::string tool;
    std::uint64_t generation = 0;
    std::string state;
    std::string request_id;
    std::string reply_to;
    std::string correlation_id;
    std::int64_t created_unix_ms = 0;
    std::vector<StatusDestination> destinations;  ///< one outbox message each, with the same body
    /// Writes the body with its sequence. Called on the journal's thread; pure, as it may be called again
    /// when a group of batches has to be committed one by one.
    std::function<std::string(std::uint64_t sequence)> body;
};

/// One key of the journal's small table of facts, such as the last committed generation.
struct MetaRow {
    std::string key;  ///< primary
    std::string value;
};

/// Everything that becomes durable together, or not at all. A repeat of a batch without statuses and messages
/// changes nothing.
struct JournalBatch {
    std::vector<IntentRow> opened = {};
    std::vector<std::string> accepted_keys = {};
    std::vector<std::string> closed_keys = {};
    std::vector<ToolMemoryRow> memories = {};
    std::vector<StatusEntry> statuses = {};
    std::vector<OutboxMessage> outbox = {};
    std::vector<std::int64_t> confirmed_ids = {};  ///< outbox messages that are delivered
    std::vector<MetaRow> meta = {};
    std::vector<std::string> forgotten_tools = {};  ///< their memory and status go, after all the rest
};

/// What a committed batch became.
struct CommittedBatch {
    std::vector<std::uint64_t> sequences;  ///< of its statuses, in their order
    std::int64_t last_outbox_id = 0;       ///< 0 when it put nothing into the outbox
};

/// Everything that a start needs; the outbox is fetched in pieces.
struct JournalContents {
    std::vector<IntentRow> intents;
    std::vector<ToolMemoryRow> memories;
    std::vector<ToolStatusRow> statuses;
    std::vector<MetaRow> meta;
};

}  // namespace elasticity
