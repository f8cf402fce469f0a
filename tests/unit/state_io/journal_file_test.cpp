#include "core/io/state/journal_file.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/unit/state_io/journal_support.hpp"
#include "tests/unit/state_io/support.hpp"

namespace elasticity {

using Catch::Matchers::Contains;

namespace {

/// Changes a closed journal behind its back.
void tamper(const std::filesystem::path& path, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
}

}  // namespace

TEST_CASE("journal: everything of a batch is there after a restart") {
    const TempDir temp;
    {
        JournalFile journal = open_journal(temp.path());
        JournalBatch batch;
        batch.opened = {{"k1", "tool", "docker", "ocr-1", "h", 7, false},
                        {"k2", "tool", "docker", "ocr-2", "h", 8, false}};
        batch.memories = {{"tool", 2, 100, 200, "{\"rate\": 1.5}"}};
        batch.statuses = {status_of("tool", 41)};
        batch.outbox = {{"queue", "body", "{}", 9}};
        batch.meta = {{"generation", "41"}};
        commit(journal, batch);
    }
    JournalFile journal = open_journal(temp.path());
    const auto contents = must(journal.recover());
    REQUIRE(contents.intents.size() == 2);
    CHECK(contents.intents[1].key == "k2");
    CHECK(contents.intents[1].name == "ocr-2");
    CHECK(contents.intents[1].created_unix_ms == 8);
    REQUIRE(contents.memories.size() == 1);
    CHECK(contents.memories[0].key_counter == 2);
    CHECK(contents.memories[0].data == "{\"rate\": 1.5}");
    REQUIRE(contents.statuses.size() == 1);
    CHECK(contents.statuses[0].body == "tool 41.1");
    REQUIRE(contents.meta.size() == 1);
    CHECK(contents.meta[0].value == "41");
    CHECK(must(journal.fetch_outbox(0, 10)).size() == 1);
}

TEST_CASE("journal: an intent is opened once, accepted, and closed") {
    const TempDir temp;
    JournalFile journal = open_journal(temp.path());
    const JournalBatch open = intent_batch("k1");
    commit(journal, open);
    commit(journal, {.accepted_keys = {"k1"}});
    commit(journal, open);  // the plan repeated: what is known of the intent stays
    REQUIRE(must(journal.recover()).intents.size() == 1);
    CHECK(must(journal.recover()).intents[0].accepted);
    commit(journal, {.closed_keys = {"k1", "never opened"}});
    CHECK(must(journal.recover()).intents.empty());
}

TEST_CASE("journal: a status is numbered within its generation, and its messages carry the number") {
    const TempDir temp;
    JournalFile journal = open_journal(temp.path());
    StatusEntry answered = status_of("tool", 41);
    answered.destinations = {{"status", "{}"}, {"reply", "{\"a\": 1}"}};
    using Sequences = std::vector<std::uint64_t>;
    const JournalBatch three{.statuses = {answered, status_of("tool", 41), status_of("other", 41)}};
    CHECK(commit(journal, three).sequences == Sequences{1, 2, 1});
    CHECK(commit(journal, {.statuses = {status_of("tool", 41)}}).sequences == Sequences{3});
    CHECK(commit(journal, {.statuses = {status_of("tool", 42)}}).sequences == Sequences{1});
    const auto outbox = must(journal.fetch_outbox(0, 10));
    REQUIRE(outbox.size() == 2);
    CHECK(outbox[0].body == "tool 41.1");
    CHECK(outbox[1].queue == "reply");
    CHECK(outbox[1].properties == "{\"a\": 1}");
}

TEST_CASE("journal: a removed tool is forgotten after its last status was numbered") {
    const TempDir temp;
    JournalFile journal = open_journal(temp.path());
    commit(journal, {.memories = {{"tool", 1, 0, 0, "{}"}}, .statuses = {status_of("tool", 41)}});
    const auto last = commit(journal, {.statuses = {status_of("tool", 41)}, .forgotten_tools = {"tool"}});
    CHECK(last.sequences == std::vector<std::uint64_t>{2});
    CHECK(must(journal.recover()).statuses.empty());
    CHECK(must(journal.recover()).memories.empty());
}

TEST_CASE("journal: the outbox is fetched in pieces, and ids are never used again") {
    const TempDir temp;
    JournalFile journal = open_journal(temp.path());
    const JournalBatch three{.outbox = {{"q", "a", "", 1}, {"q", "b", "", 2}, {"q", "c", "", 3}}};
    CHECK(commit(journal, three).last_outbox_id == 3);
    CHECK(must(journal.fetch_outbox(0, 2)).size() == 2);
    REQUIRE(must(journal.fetch_outbox(2, 2)).size() == 1);
    CHECK(must(journal.fetch_outbox(2, 2))[0].body == "c");
    commit(journal, {.confirmed_ids = {1, 2, 3}});
    CHECK(must(journal.fetch_outbox(0, 10)).empty());
    CHECK(commit(journal, {.outbox = {{"q", "d", "", 4}}}).last_outbox_id == 4);
}

TEST_CASE("journal: texts with zero bytes and quotes come back as they were") {
    const TempDir temp;
    JournalFile journal = open_journal(temp.path());
    const std::string odd("a\0b'; DROP TABLE meta; --", 25);
    commit(journal, {.meta = {{"odd", odd}, {"empty", ""}}});
    CHECK(must(journal.recover()).meta[1].value == odd);
}

TEST_CASE("journal: a second opener is refused") {
    const TempDir temp;
    const JournalFile first = open_journal(temp.path());
    const auto second = JournalFile::open(temp / "journal.db", {.busy_timeout_ms = 50});
    REQUIRE(!second);
    CHECK(second.error().kind == ErrorKind::conflict);
    CHECK(second.error().message == (temp / "journal.db").string() + ": in use by another process");
}

TEST_CASE("journal: the file is private") {
    const TempDir temp;
    const JournalFile journal = open_journal(temp.path());
    struct stat status {};
    for (const char* name : {"journal.db", "journal.db-wal"}) {
        REQUIRE(::stat((temp / name).c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0600);
    }
}

TEST_CASE("journal: a newer, a foreign and a damaged file are refused and left as they are") {
    const TempDir temp;
    const auto path = temp / "journal.db";
    { const JournalFile journal = open_journal(temp.path()); }
    std::string wanted;
    SECTION("newer") {
        tamper(path, "PRAGMA user_version=2");
        wanted = "written by a newer release as version 2, this one reads up to version 1";
    }
    SECTION("foreign") {
        tamper(path, "PRAGMA application_id=1");
        wanted = "is the database of another program";
    }
    SECTION("no database at all") {
        spill(path, std::string(8192, 'x'));
        wanted = "damaged; move it aside";
    }
    SECTION("a damaged page") {
        std::string bytes = slurp(path);
        bytes.replace(4096, 8, 8, '\xff');  // the head of the first table's page
        spill(path, bytes);
        wanted = "damaged; move it aside";
    }
    const std::string before = slurp(path);
    const auto opened = JournalFile::open(path, {});
    REQUIRE(!opened);
    CHECK_THAT(opened.error().message, Contains(wanted));
    CHECK(slurp(path) == before);
}

TEST_CASE("journal: a full one says so, still takes removals, and works again when there is room") {
    const TempDir temp;
    JournalFile journal = open_journal(temp.path(), 128 << 10);
    const JournalBatch message{.outbox = {{"q", std::string(8000, 'x'), "", 1}}};
    const JournalBatch* const batch = &message;
    Result<std::vector<CommittedBatch>> done = journal.commit({&batch, 1});
    while (done) done = journal.commit({&batch, 1});
    CHECK(done.error().kind == ErrorKind::exhausted);
    CHECK_THAT(done.error().message, Contains("full"));
    const auto held = must(journal.fetch_outbox(0, 100));
    CHECK(held.size() > 5);
    JournalBatch delivered;
    for (const OutboxRow& row : held) delivered.confirmed_ids.push_back(row.id);
    commit(journal, delivered);
    CHECK(journal.commit({&batch, 1}).has_value());
}

}  // namespace elasticity
