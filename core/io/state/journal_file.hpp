#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "core/io/state/journal_rows.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// The layout of journal.db; a newer one is refused.
inline constexpr int journal_schema_version = 1;

/// The journal: an SQLite file in WAL mode, whose every commit is on the disk when it returns.
///
/// Threads: one at a time. One opener: a second one waits `busy_timeout_ms`, then gets `conflict`.
class JournalFile {
public:
    struct Limits {
        /// Bound of the database; the write-ahead log beside it takes a few MiB more.
        std::uint64_t bytes_max = 268435456;
        int busy_timeout_ms = 2000;
    };

    /// Opens or creates `path` (mode 0600) and checks its integrity. A damaged file is left as it is.
    static Result<JournalFile> open(const std::filesystem::path& path, const Limits& limits);
    JournalFile(JournalFile&&) noexcept;
    JournalFile& operator=(JournalFile&&) noexcept;
    ~JournalFile();

    /// Commits all of `batches` in one transaction: afterwards they are durable, or none of them is there.
    /// Error `exhausted`: the disk or `bytes_max` is full; works again when there is room.
    Result<std::vector<CommittedBatch>> commit(std::span<const JournalBatch* const> batches);

    /// Everything but the outbox.
    Result<JournalContents> recover();

    /// Outbox messages with an id above `after_id`, oldest first.
    Result<std::vector<OutboxRow>> fetch_outbox(std::int64_t after_id, std::size_t limit);

private:
    struct Connection;
    explicit JournalFile(std::unique_ptr<Connection> connection);

    std::unique_ptr<Connection> connection_;
};

}  // namespace elasticity
