#pragma once
#include <string>

#include "core/io/state/journal_file.hpp"
#include "tests/unit/state_io/support.hpp"

namespace elasticity {

inline JournalFile open_journal(const std::filesystem::path& directory, std::uint64_t bytes_max = 16 << 20) {
    return must(JournalFile::open(directory / "journal.db", {.bytes_max = bytes_max, .busy_timeout_ms = 50}));
}

inline CommittedBatch commit(JournalFile& journal, const JournalBatch& batch) {
    const JournalBatch* const one = &batch;
    return must(journal.commit({&one, 1})).front();
}

/// A status whose body is "TOOL GENERATION.SEQUENCE".
inline StatusEntry status_of(const std::string& tool, std::uint64_t generation) {
    StatusEntry status;
    status.tool = tool;
    status.generation = generation;
    status.state = "running";
    status.body = [tool, generation](std::uint64_t sequence) {
        return tool + " " + std::to_string(generation) + "." + std::to_string(sequence);
    };
    return status;
}

inline JournalBatch intent_batch(const std::string& key) {
    return {.opened = {{key, "tool", "backend", "name-" + key, "hash", 1, false}}};
}

}  // namespace elasticity
