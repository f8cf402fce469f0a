#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.hpp"

namespace elasticity {

/// One kept generation of tools.json.
struct HistoryEntry {
    std::uint64_t generation = 0;
    std::int64_t time_unix_ms = 0;
    std::uint64_t size_bytes = 0;
};

/// The folder of kept generations, one file each. Its newest file is the durable truth.
///
/// Threads: any number of readers; one writer, in the process that holds the state directory.
class History {
public:
    explicit History(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// Every kept generation, oldest first. No folder yet is an empty list.
    Result<std::vector<HistoryEntry>> list() const;

    /// The newest generation; nothing when none was ever written.
    Result<std::optional<HistoryEntry>> newest() const;

    /// The text of one generation. Error `not_found` names the ones that are kept.
    Result<std::string> read(std::uint64_t generation) const;

    /// Keeps `text` durably as `generation`: whole or not at all. `conflict` unless it is newer than all.
    Result<> add(std::uint64_t generation, std::string_view text);

    /// Takes back a generation whose commit failed.
    Result<> remove(std::uint64_t generation);

    /// Removes the oldest generations until `keep` are left; the newest always stays.
    Result<> prune(std::size_t keep);

    /// Removes what a crash left half written.
    Result<> sweep();

private:
    std::filesystem::path path_of(std::uint64_t generation) const;

    std::filesystem::path directory_;
};

}  // namespace elasticity
