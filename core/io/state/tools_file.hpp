#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/state/history.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// tools.json is read up to this size; a larger one is an error.
inline constexpr std::uint64_t tools_file_bytes_max = 64ULL << 20;

/// What a commit displaces stands beside tools.json under a name with this end, until it was looked at.
inline constexpr std::string_view aside_suffix = ".aside";

/// How many generations are kept where nobody says otherwise.
inline constexpr std::size_t history_generations_default = 50;

/// Tells one content from another. Equal contents have equal fingerprints, whoever wrote them.
struct Fingerprint {
    std::uint64_t size_bytes = 0;
    std::uint64_t hash_high = 0;
    std::uint64_t hash_low = 0;
    bool operator==(const Fingerprint&) const = default;
};

Fingerprint fingerprint_of(std::string_view text);

/// What tools.json holds now.
struct ToolsText {
    std::string text;
    Fingerprint fingerprint;
};

/// What a commit did.
struct CommitOutcome {
    Fingerprint fingerprint;  ///< of the text now in force: the `expected` of the next commit
    /// The text of a hand edit that was saved since `expected` was read. The commit stands; merge this text
    /// and commit again. It is kept on disk until the next commit: a crash does not lose it either.
    std::optional<std::string> displaced_text;
    /// The commit stands, but this went wrong after it; for the log. A displaced text that could not be read yet
    /// is kept for `take_displaced`.
    std::optional<Error> tidy_error;
};

/// tools.json as text with a generation number, and its history. Knows nothing of what the text means.
///
/// Threads: one at a time. Ownership: the process that holds the StateDir.
class ToolsFile {
public:
    /// Opens the file in `state_dir` and finishes or takes back what a crash interrupted.
    static Result<ToolsFile> open(const std::filesystem::path& state_dir,
                                  std::size_t history_keep = history_generations_default);

    /// A hand edit that could not be handed back with its commit: a crash came between, or a program was slow to
    /// write it. Merge it as `displaced_text`. Nothing: there is none, or it is being written still.
    Result<std::optional<std::string>> take_displaced();

    /// The text in force; nothing when the file is missing.
    Result<std::optional<ToolsText>> read() const;

    /// Makes `text` the content of tools.json, durably, as `generation` (greater than any in the history).
    ///
    /// `expected` is the fingerprint of the content that `text` was made from; nothing: there was no file.
    /// Mode and owner of the file are kept. After an error the old content is in force, on disk too.
    Result<CommitOutcome> commit(const std::optional<Fingerprint>& expected, std::string_view text,
                                 std::uint64_t generation);

    /// Keeps a text that was refused as tools.json.rejected, and why in tools.json.rejected.txt.
    Result<> set_aside_rejected(std::string_view text, std::string_view reason);

    const History& history() const { return history_; }
    const std::filesystem::path& path() const { return path_; }

private:
    ToolsFile(const std::filesystem::path& state_dir, std::size_t history_keep);

    std::filesystem::path aside_path(std::uint64_t generation) const;
    Result<std::vector<std::uint64_t>> asides() const;
    Result<> prepare(std::string_view text, std::uint64_t generation);
    Result<bool> put_in_force(std::uint64_t generation);
    Result<std::optional<std::string>> read_displaced(std::uint64_t generation,
                                                      std::chrono::milliseconds patience) const;
    Result<> tidy(std::uint64_t generation, bool keep_aside);
    Result<> recover();
    Result<> make_up_for_swap(std::uint64_t generation);
    Result<bool> is_kept(std::string_view text) const;

    std::filesystem::path directory_;
    std::filesystem::path path_;
    History history_;
    std::size_t history_keep_;
    std::vector<std::uint64_t> unread_;  ///< generations whose aside nobody has looked at
};

}  // namespace elasticity
