#include "core/io/state/journal_thread.hpp"

#include <utility>

namespace elasticity {

namespace {

Error stopped_error() {
    return {ErrorKind::unavailable, "journal: it is closed already"};
}

}  // namespace

JournalThread::JournalThread(JournalFile journal)
    : journal_(std::move(journal)), thread_([this] { run(); }) {}

JournalThread::~JournalThread() {
    stop();
}

void JournalThread::submit(JournalBatch batch, BatchCompletion completion) {
    Request request = Write{std::move(batch), std::move(completion)};
    if (!enqueue(request)) std::get<Write>(request).completion(stopped_error());
}

void JournalThread::fetch_outbox(std::int64_t after_id, std::size_t limit, FetchCompletion completion) {
    Request request = Fetch{after_id, limit, std::move(completion)};
    if (!enqueue(request)) std::get<Fetch>(request).completion(stopped_error());
}

void JournalThread::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

std::uint64_t JournalThread::transactions() const {
    const std::lock_guard lock(mutex_);
    return transactions_;
}

/// False, and `request` untouched, when nobody will serve it any more.
bool JournalThread::enqueue(Request& request) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        waiting_.push_back(std::move(request));
    }
    wake_.notify_one();
    return true;
}

void JournalThread::run() {
    while (true) {
        std::vector<Request> requests;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            requests = std::exchange(waiting_, {});
        }
        serve(std::move(requests));
    }
}

/// Neighbouring batches share a transaction; a fetch sees all that was submitted before it.
void JournalThread::serve(std::vector<Request> requests) {
    std::vector<Write> group;
    for (Request& request : requests) {
        if (auto* const write = std::get_if<Write>(&request)) {
            group.push_back(std::move(*write));
            continue;
        }
        commit(group);
        Fetch& fetch = std::get<Fetch>(request);
        fetch.completion(journal_.fetch_outbox(fetch.after_id, fetch.limit));
    }
    commit(group);
}

void JournalThread::commit(std::vector<Write>& group) {
    if (group.empty()) return;
    std::vector<const JournalBatch*> batches;
    for (const Write& write : group) batches.push_back(&write.batch);
    auto committed = commit_now(batches);
    for (std::size_t i = 0; i < group.size(); ++i) {
        if (committed) group[i].completion(std::move((*committed)[i]));
        else if (group.size() == 1) group[i].completion(committed.error());
        else commit_alone(group[i]);
    }
    group.clear();
}

void JournalThread::commit_alone(Write& write) {
    auto committed = commit_now({&write.batch});
    if (committed) write.completion(std::move(committed->front()));
    else write.completion(committed.error());
}

Result<std::vector<CommittedBatch>> JournalThread::commit_now(
    const std::vector<const JournalBatch*>& batches) {
    auto committed = journal_.commit(batches);
    const std::lock_guard lock(mutex_);
    transactions_ += committed ? 1 : 0;
    return committed;
}

}  // namespace elasticity
