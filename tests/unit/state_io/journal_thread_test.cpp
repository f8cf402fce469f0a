#include "core/io/state/journal_thread.hpp"

#include <atomic>
#include <future>

#include "tests/unit/state_io/journal_support.hpp"
#include "tests/unit/state_io/support.hpp"

namespace elasticity {

TEST_CASE("journal thread: completions come in order, and a stop does what is waiting") {
    const TempDir temp;
    std::vector<int> order;
    JournalThread journal(open_journal(temp.path()));
    for (int i = 0; i < 200; ++i) {
        journal.submit(intent_batch(std::to_string(i)), [&order, i](const Result<CommittedBatch>& done) {
            if (done) order.push_back(i);
        });
    }
    journal.stop();
    REQUIRE(order.size() == 200);
    CHECK(std::is_sorted(order.begin(), order.end()));
    journal.stop();
}

TEST_CASE("journal thread: batches that wait share a transaction") {
    const TempDir temp;
    JournalThread journal(open_journal(temp.path()));
    std::promise<void> entered;
    std::promise<void> leave;
    journal.submit(intent_batch("first"), [&](const Result<CommittedBatch>&) {
        entered.set_value();
        leave.get_future().wait();  // holds the thread, so that the others have to wait
    });
    entered.get_future().wait();
    std::atomic<int> committed = 0;
    for (int i = 0; i < 50; ++i) {
        journal.submit(intent_batch(std::to_string(i)),
                       [&](const Result<CommittedBatch>& done) { committed += done ? 1 : 0; });
    }
    leave.set_value();
    journal.stop();
    CHECK(committed == 50);
    CHECK(journal.transactions() == 2);
}

TEST_CASE("journal thread: in a group that fails, each batch gets its own verdict") {
    const TempDir temp;
    JournalThread journal(open_journal(temp.path(), 64 << 10));
    std::promise<void> leave;
    journal.submit({}, [&](const Result<CommittedBatch>&) { leave.get_future().wait(); });
    std::vector<std::string> verdicts;
    const auto note = [&](const Result<CommittedBatch>& done) {
        verdicts.push_back(!done ? "failed" : "committed");
        if (!done) CHECK(done.error().kind == ErrorKind::exhausted);
    };
    journal.submit(intent_batch("small"), note);
    journal.submit({.outbox = {{"q", std::string(100'000, 'x'), "", 1}}}, note);
    journal.submit({.statuses = {status_of("tool", 1)}}, note);
    leave.set_value();
    journal.stop();
    CHECK(verdicts == std::vector<std::string>{"committed", "failed", "committed"});
}

TEST_CASE("journal thread: a fetch sees what was submitted before it") {
    const TempDir temp;
    JournalThread journal(open_journal(temp.path()));
    std::promise<std::size_t> seen;
    journal.submit({.outbox = {{"q", "a", "", 1}}}, [](const Result<CommittedBatch>&) {});
    journal.fetch_outbox(0, 10, [&](const Result<std::vector<OutboxRow>>& rows) {
        seen.set_value(rows ? rows->size() : 99);
    });
    CHECK(seen.get_future().get() == 1);
}

TEST_CASE("journal thread: after a stop every call is answered at once") {
    const TempDir temp;
    JournalThread journal(open_journal(temp.path()));
    journal.stop();
    int refused = 0;
    journal.submit({}, [&](const Result<CommittedBatch>& done) { refused += done ? 0 : 1; });
    journal.fetch_outbox(0, 1, [&](const Result<std::vector<OutboxRow>>& rows) { refused += rows ? 0 : 1; });
    CHECK(refused == 2);
}

TEST_CASE("journal thread: many threads submit, each batch is committed once") {
    const TempDir temp;
    std::atomic<int> committed = 0;
    {
        JournalThread journal(open_journal(temp.path()));
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&journal, &committed, t] {
                for (int i = 0; i < 100; ++i) {
                    journal.submit(intent_batch(std::to_string(t) + "-" + std::to_string(i)),
                                   [&](const Result<CommittedBatch>& done) { committed += done ? 1 : 0; });
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(committed == 400);
    JournalFile journal = open_journal(temp.path());
    CHECK(must(journal.recover()).intents.size() == 400);
}

}  // namespace elasticity
