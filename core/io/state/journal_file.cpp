#include "core/io/state/journal_file.hpp"

#include <algorithm>
#include <string>

#include "core/io/state/sqlite.hpp"

namespace elasticity {

namespace {

constexpr std::int64_t application_id = 0x456c7374;  // "Elst": tells our file from another program's
constexpr std::int64_t wal_bytes_kept = 4 << 20;

constexpr const char* schema = R"sql(
BEGIN EXCLUSIVE;
CREATE TABLE intents (key TEXT PRIMARY KEY, tool TEXT NOT NULL, backend TEXT NOT NULL, name TEXT NOT NULL,
    spec_hash TEXT NOT NULL, created_unix_ms INTEGER NOT NULL, accepted INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tool_memory (tool TEXT PRIMARY KEY, key_counter INTEGER NOT NULL,
    last_up_unix_ms INTEGER NOT NULL, last_down_unix_ms INTEGER NOT NULL, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tool_status (tool TEXT PRIMARY KEY, generation INTEGER NOT NULL, sequence INTEGER NOT NULL,
    state TEXT NOT NULL, request_id TEXT NOT NULL, reply_to TEXT NOT NULL, correlation_id TEXT NOT NULL,
    body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL,
    properties TEXT NOT NULL, created_unix_ms INTEGER NOT NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

/// Makes of a damaged or foreign file an error that tells what to do about it.
Error explain(const std::filesystem::path& path, Error error) {
    if (error.kind == ErrorKind::invalid) {
        error.message += ": damaged; move it aside and start again: workers are found by listing, statuses "
                         "that were not delivered yet are lost";
    } else if (error.kind == ErrorKind::conflict) {
        error.message = path.string() + ": in use by another process";
    }
    return error;
}

/// EXCLUSIVE: the daemon is the only user, and a second one is refused instead of interleaved.
Result<> configure(SqliteConnection& connection, const JournalFile::Limits& limits) {
    for (const char* pragma : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL",
                               "PRAGMA synchronous=FULL"}) {
        if (auto done = connection.execute(pragma); !done) return done;
    }
    const auto page_bytes = connection.query_integer("PRAGMA page_size");
    if (!page_bytes) return page_bytes.error();
    const std::uint64_t pages_max =
        std::max<std::uint64_t>(limits.bytes_max / static_cast<std::uint64_t>(*page_bytes), 1);
    return connection.execute_script("PRAGMA max_page_count=" + std::to_string(pages_max) +
                                     "; PRAGMA journal_size_limit=" + std::to_string(wal_bytes_kept));
}

Result<> create_schema(SqliteConnection& connection) {
    return connection.execute_script(schema + ("PRAGMA application_id=" + std::to_string(application_id)) +
                                     "; PRAGMA user_version=" + std::to_string(journal_schema_version) +
                                     "; COMMIT");
}

Result<> check_schema(SqliteConnection& connection) {
    const auto tables = connection.query_integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    if (*tables == 0) return create_schema(connection);
    const auto owner = connection.query_integer("PRAGMA application_id");
    if (!owner) return owner.error();
    if (*owner != application_id) {
        return Error{ErrorKind::refused, connection.path().string() + ": is the database of another program"};
    }
    const auto version = connection.query_integer("PRAGMA user_version");
    if (!version) return version.error();
    if (*version > journal_schema_version) {
        return Error{ErrorKind::refused,
                     connection.path().string() + ": written by a newer release as version " +
                         std::to_string(*version) + ", this one reads up to version " +
                         std::to_string(journal_schema_version)};
    }
    return {};
}

Result<> check_integrity(SqliteConnection& connection) {
    std::string verdict;
    auto done = connection.query("PRAGMA quick_check(1)",
                                 [&verdict](const SqliteConnection::Row& row) { verdict = row.text(0); });
    if (!done) return done;
    if (verdict != "ok") return Error{ErrorKind::invalid, connection.path().string() + ": " + verdict};
    return {};
}

/// Applies the lists of one batch within the transaction that is open.
class BatchWriter {
public:
    explicit BatchWriter(SqliteConnection& connection) : connection_(connection) {}

    Result<CommittedBatch> write(const JournalBatch& batch) {
        auto done = write_intents(batch);
        if (done) done = write_facts(batch);
        if (done) done = write_statuses(batch);
        if (done) done = write_outbox(batch);
        if (done) done = forget_tools(batch);
        if (!done) return done.error();
        return std::move(committed_);
    }

private:
    Result<> write_intents(const JournalBatch& batch) {
        for (const IntentRow& row : batch.opened) {
            auto done = connection_.execute(
                "INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", row.key,
                row.tool, row.backend, row.name, row.spec_hash, row.created_unix_ms,
                std::int64_t{row.accepted});
            if (!done) return done;
        }
        for (const std::string& key : batch.accepted_keys) {
            auto done = connection_.execute("UPDATE intents SET accepted = 1 WHERE key = ?", key);
            if (!done) return done;
        }
        for (const std::string& key : batch.closed_keys) {
            if (auto done = connection_.execute("DELETE FROM intents WHERE key = ?", key); !done) return done;
        }
        return {};
    }

    Result<> write_facts(const JournalBatch& batch) {
        for (const ToolMemoryRow& row : batch.memories) {
            auto done = connection_.execute("INSERT OR REPLACE INTO tool_memory VALUES (?, ?, ?, ?, ?)",
                                            row.tool, row.key_counter, row.last_up_unix_ms,
                                            row.last_down_unix_ms, row.data);
            if (!done) return done;
        }
        for (const MetaRow& row : batch.meta) {
            auto done = connection_.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row.key, row.value);
            if (!done) return done;
        }
        return {};
    }

    Result<std::uint64_t> next_sequence(const StatusEntry& status) {
        std::uint64_t last = 0;
        auto done = connection_.query("SELECT sequence FROM tool_status WHERE tool = ? AND generation = ?",
                                      [&last](const SqliteConnection::Row& row) { last = row.count(0); },
                                      status.tool, status.generation);
        if (!done) return done.error();
        return last + 1;
    }

    Result<> write_statuses(const JournalBatch& batch) {
        for (const StatusEntry& status : batch.statuses) {
            const auto sequence = next_sequence(status);
            if (!sequence) return sequence.error();
            const std::string body = status.body(*sequence);
            auto done = connection_.execute(
                "INSERT OR REPLACE INTO tool_status VALUES (?, ?, ?, ?, ?, ?, ?, ?)", status.tool,
                status.generation, *sequence, status.state, status.request_id, status.reply_to,
                status.correlation_id, body);
            if (!done) return done;
            for (const StatusDestination& to : status.destinations) {
                done = put_out({to.queue, body, to.properties, status.created_unix_ms});
                if (!done) return done;
            }
            committed_.sequences.push_back(*sequence);
        }
        return {};
    }

    Result<> write_outbox(const JournalBatch& batch) {
        for (const OutboxMessage& message : batch.outbox) {
            if (auto done = put_out(message); !done) return done;
        }
        for (const std::int64_t id : batch.confirmed_ids) {
            if (auto done = connection_.execute("DELETE FROM outbox WHERE id = ?", id); !done) return done;
        }
        return {};
    }

    Result<> forget_tools(const JournalBatch& batch) {
        for (const std::string& tool : batch.forgotten_tools) {
            auto done = connection_.execute("DELETE FROM tool_memory WHERE tool = ?", tool);
            if (done) done = connection_.execute("DELETE FROM tool_status WHERE tool = ?", tool);
            if (!done) return done;
        }
        return {};
    }

    Result<> put_out(const OutboxMessage& message) {
        auto done = connection_.execute(
            "INSERT INTO outbox (queue, body, properties, created_unix_ms) VALUES (?, ?, ?, ?)",
            message.queue, message.body, message.properties, message.created_unix_ms);
        if (done) committed_.last_outbox_id = connection_.last_insert_id();
        return done;
    }

    SqliteConnection& connection_;
    CommittedBatch committed_;
};

}  // namespace

struct JournalFile::Connection {
    SqliteConnection sqlite;
};

JournalFile::JournalFile(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
JournalFile::JournalFile(JournalFile&&) noexcept = default;
JournalFile& JournalFile::operator=(JournalFile&&) noexcept = default;
JournalFile::~JournalFile() = default;

Result<JournalFile> JournalFile::open(const std::filesystem::path& path, const Limits& limits) {
    auto sqlite = SqliteConnection::open(path, limits.busy_timeout_ms);
    if (!sqlite) return explain(path, sqlite.error());
    auto checked = configure(*sqlite, limits);
    if (checked) checked = check_integrity(*sqlite);
    if (checked) checked = check_schema(*sqlite);
    if (!checked) return explain(path, checked.error());
    return JournalFile(std::make_unique<Connection>(Connection{*std::move(sqlite)}));
}

Result<std::vector<CommittedBatch>> JournalFile::commit(std::span<const JournalBatch* const> batches) {
    SqliteConnection& sqlite = connection_->sqlite;
    std::vector<CommittedBatch> committed;
    auto done = sqlite.execute("BEGIN IMMEDIATE");
    for (std::size_t i = 0; done && i < batches.size(); ++i) {
        auto written = BatchWriter(sqlite).write(*batches[i]);
        if (written) committed.push_back(*std::move(written));
        else done = written.error();
    }
    if (done) done = sqlite.execute("COMMIT");
    if (done) return committed;
    Error error = done.error();
    if (sqlite.in_transaction()) {
        if (auto undone = sqlite.execute("ROLLBACK"); !undone) error.message += "; " + undone.error().message;
    }
    return error;
}

Result<JournalContents> JournalFile::recover() {
    SqliteConnection& sqlite = connection_->sqlite;
    using Row = SqliteConnection::Row;
    JournalContents contents;
    auto done = sqlite.query("SELECT * FROM intents ORDER BY key", [&](const Row& row) {
        contents.intents.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.text(4),
                                    row.integer(5), row.integer(6) != 0});
    });
    if (!done) return done.error();
    done = sqlite.query("SELECT * FROM tool_memory ORDER BY tool", [&](const Row& row) {
        contents.memories.push_back(
            {row.text(0), row.count(1), row.integer(2), row.integer(3), row.text(4)});
    });
    if (!done) return done.error();
    done = sqlite.query("SELECT * FROM tool_status ORDER BY tool", [&](const Row& row) {
        contents.statuses.push_back({row.text(0), row.count(1), row.count(2), row.text(3), row.text(4),
                                     row.text(5), row.text(6), row.text(7)});
    });
    if (!done) return done.error();
    done = sqlite.query("SELECT * FROM meta ORDER BY key", [&](const Row& row) {
        contents.meta.push_back({row.text(0), row.text(1)});
    });
    if (!done) return done.error();
    return contents;
}

Result<std::vector<OutboxRow>> JournalFile::fetch_outbox(std::int64_t after_id, std::size_t limit) {
    std::vector<OutboxRow> rows;
    auto done = connection_->sqlite.query(
        "SELECT id, queue, body, properties, created_unix_ms FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
        [&rows](const SqliteConnection::Row& row) {
            rows.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.integer(4)});
        },
        after_id, static_cast<std::int64_t>(limit));
    if (!done) return done.error();
    return rows;
}

}  // namespace elasticity
