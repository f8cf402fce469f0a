#include <condition_variable>
#include <mutex>

#include "core/io/state/journal_thread.hpp"
#include "tests/unit/state_io/crash_support.hpp"
#include "tests/unit/state_io/journal_support.hpp"

namespace elasticity {

namespace {

/// Batch N opens two intents and puts one message out; half a batch would show.
JournalBatch numbered_batch(std::uint64_t number) {
    const std::string key = std::to_string(number);
    JournalBatch batch = intent_batch("a" + key);
    batch.opened.push_back(intent_batch("b" + key).opened.front());
    batch.outbox = {{"queue", key, "", 1}};
    batch.meta = {{"last", key}};
    return batch;
}

void commit_for_ever(const std::filesystem::path& directory, std::uint64_t last,
                     const Acknowledge& acknowledge) {
    auto journal = JournalFile::open(directory / "journal.db", {.bytes_max = 1 << 30});
    if (!journal) return;
    while (true) {
        const JournalBatch batch = numbered_batch(++last);
        const JournalBatch* const one = &batch;
        if (!journal->commit({&one, 1})) return;
        acknowledge(last);
    }
}

std::uint64_t last_committed(const JournalContents& contents) {
    return contents.meta.empty() ? 0 : std::stoull(contents.meta.front().value);
}

}  // namespace

TEST_CASE("crash: kill -9 keeps every committed batch whole and nothing else") {
    const TempDir temp;
    std::mt19937_64 random(test_seed());
    std::uint64_t before = 0;
    for (int round = 0; round < crash_rounds(); ++round) {
        const std::uint64_t killed_after = run_and_kill(
            Moment::draw(random), [&](const Acknowledge& ack) { commit_for_ever(temp.path(), before, ack); });
        const std::uint64_t acknowledged = std::max(before, killed_after);
        JournalFile journal = open_journal(temp.path(), 1 << 30);
        const auto contents = must(journal.recover());
        const std::uint64_t last = last_committed(contents);
        INFO("round " << round << ", acknowledged " << acknowledged);
        REQUIRE(last >= acknowledged);
        REQUIRE(last <= acknowledged + 1);
        REQUIRE(contents.intents.size() == 2 * last);
        REQUIRE(must(journal.fetch_outbox(0, last + 1)).size() == last);
        before = last;
    }
    WARN(before << " batches");
    CHECK(before > static_cast<std::uint64_t>(crash_rounds()));
}

TEST_CASE("measure: grouped commits") {
    const TempDir temp;
    JournalThread journal(open_journal(temp.path(), 1 << 30));
    std::mutex mutex;
    std::condition_variable room;
    int in_flight = 0;
    std::uint64_t batches = 0;
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < std::chrono::seconds(1)) {
        std::unique_lock lock(mutex);
        room.wait(lock, [&] { return in_flight < 64; });
        ++in_flight;
        journal.submit(numbered_batch(++batches), [&](const Result<CommittedBatch>&) {
            const std::lock_guard done(mutex);
            --in_flight;
            room.notify_one();
        });
    }
    journal.stop();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    WARN(static_cast<int>(journal.transactions() / took.count()) << " commits/s, "
         << static_cast<int>(batches / took.count()) << " batches/s with 64 waiting");
    CHECK(journal.transactions() < batches);
}

}  // namespace elasticity
