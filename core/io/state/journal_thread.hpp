#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "core/io/state/journal_file.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// Keeps the journal's syncs away from every other thread. Batches that wait share one transaction.
///
/// Threads: any may call. Completions run on the journal's thread, in the order of the calls, and must
/// not block. After `stop` a completion runs at once, on the caller's thread, with `unavailable`.
class JournalThread {
public:
    using BatchCompletion = std::function<void(Result<CommittedBatch>)>;
    using FetchCompletion = std::function<void(Result<std::vector<OutboxRow>>)>;

    explicit JournalThread(JournalFile journal);
    ~JournalThread();

    /// Commits `batch`. When a group fails, each of its batches is tried alone, for a verdict of its own.
    void submit(JournalBatch batch, BatchCompletion completion);

    /// Reads the outbox after every batch that was submitted before.
    void fetch_outbox(std::int64_t after_id, std::size_t limit, FetchCompletion completion);

    /// Does what is waiting, then ends the thread. Repeats do nothing. Not to be called from a completion.
    void stop();

    /// Transactions so far; with the number of batches it tells how well they are grouped.
    std::uint64_t transactions() const;

private:
    struct Write {
        JournalBatch batch;
        BatchCompletion completion;
    };
    struct Fetch {
        std::int64_t after_id;
        std::size_t limit;
        FetchCompletion completion;
    };
    using Request = std::variant<Write, Fetch>;

    bool enqueue(Request& request);
    void run();
    void serve(std::vector<Request> requests);
    void commit(std::vector<Write>& group);
    void commit_alone(Write& write);
    Result<std::vector<CommittedBatch>> commit_now(const std::vector<const JournalBatch*>& batches);

    JournalFile journal_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Request> waiting_;
    bool stopping_ = false;
    std::uint64_t transactions_ = 0;
    std::thread thread_;
};

}  // namespace elasticity
