#include <catch2/catch.hpp>

#include "core/daemon/status_outbox.hpp"
#include "core/io/state/journal_file.hpp"
#include "tests/unit/state_io/journal_support.hpp"

using namespace elasticity;

namespace {

const ToolKey ocr{"amqp://rabbit:5672/prod", "ocr"};

/// What the next life of a daemon knows of `memory`.
ScalingMemory after_restart(const ScalingMemory& memory) {
    const TempDir folder;
    {
        JournalThread thread(open_journal(folder.path()));
        LoopJournal journal(thread, [](auto) {});
        JournalEntry entry;
        entry.memories.push_back({ocr, 7, memory});
        journal.commit(std::move(entry), 1);
        thread.stop();
    }
    JournalFile journal = open_journal(folder.path());
    const Recovered recovered = recover_loop(must(journal.recover()));
    REQUIRE(recovered.memories.size() == 1);
    return recovered.memories.front().scaling;
}

ScalingMemory read_back(const std::string& data) {
    JournalContents contents;
    contents.memories.push_back({to_label(ocr), 7, 0, 0, data});
    return recover_loop(contents).memories.at(0).scaling;
}

}  // namespace

TEST_CASE("journal: what was learnt of a tool's workers survives a restart") {
    ScalingMemory memory;
    memory.rates.finished_per_s = 1 / 3600.0;
    for (const int seconds : {40, 20, 30}) memory.boot_times.add(Millis(seconds * 1000));
    const ScalingMemory known = after_restart(memory);
    CHECK(known.rates.finished_per_s == memory.rates.finished_per_s);
    CHECK(known.boot_times.last() == memory.boot_times.last());
    CHECK_FALSE(after_restart({}).rates.finished_per_s);
    memory.rates.finished_per_s = 2;  // whole numbers as well
    CHECK(after_restart(memory).rates.finished_per_s == 2.0);
}

TEST_CASE("journal: what does not read as it was written is learnt anew") {
    for (const char* data : {"", "{}", "[]", "{", R"({"finished_per_s": "1", "boot_ms": 5})", R"({"finished_per_s": -1.0, "boot_ms": ["x"]})",
                             R"({"finished_per_s": 0.0})"}) {
        const ScalingMemory memory = read_back(data);
        CHECK_FALSE(memory.rates.finished_per_s);
        CHECK(memory.boot_times.last().empty());
    }
}
