#include "core/io/state/tools_file.hpp"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/swap.hpp"

namespace elasticity {

namespace {

namespace fs = std::filesystem;

// A commit goes through these states, and `recover` reads from the names which one a crash has left:
//   1. tools.json.N.aside is written     generation N is not in the history: it never was, the aside goes
//   2. history/N.json is written         N is the truth from here on: the swap is made up for
//   3. the two names are swapped         the aside is what was displaced: a known generation, or a hand edit
constexpr std::string_view aside_prefix = "tools.json.";

/// How long a commit waits for a program that writes tools.json in place. Who takes longer is read later.
constexpr std::chrono::milliseconds writer_patience{2000};

std::optional<std::uint64_t> aside_generation(std::string_view name) {
    if (!name.starts_with(aside_prefix) || !name.ends_with(aside_suffix)) return std::nullopt;
    if (name.size() <= aside_prefix.size() + aside_suffix.size()) return std::nullopt;
    name.remove_prefix(aside_prefix.size());
    name.remove_suffix(aside_suffix.size());
    std::uint64_t generation = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), generation);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return generation;
}

}  // namespace

Fingerprint fingerprint_of(std::string_view text) {
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    return {text.size(), hash.high64, hash.low64};
}

ToolsFile::ToolsFile(const fs::path& state_dir, std::size_t history_keep)
    : directory_(state_dir), path_(state_dir / "tools.json"), history_(state_dir / "history"),
      history_keep_(history_keep) {}

Result<ToolsFile> ToolsFile::open(const fs::path& state_dir, std::size_t history_keep) {
    ToolsFile file(state_dir, history_keep);
    if (auto recovered = file.recover(); !recovered) return recovered.error();
    return file;
}

Result<std::optional<std::string>> ToolsFile::take_displaced() {
    for (std::size_t i = 0; i < unread_.size();) {
        const std::uint64_t generation = unread_[i];
        auto displaced = read_displaced(generation, std::chrono::milliseconds(0));
        if (!displaced && displaced.error().kind == ErrorKind::unavailable) {
            ++i;
            continue;
        }
        if (!displaced) return displaced.error();
        const auto known = *displaced ? is_kept(**displaced) : Result<bool>(true);
        if (!known) return known.error();
        unread_.erase(unread_.begin() + static_cast<std::ptrdiff_t>(i));
        if (!*known) return displaced;  // the next commit removes the aside, when the text is merged
        if (auto removed = remove_file(aside_path(generation)); !removed) return removed.error();
    }
    return std::optional<std::string>();
}

Result<std::optional<ToolsText>> ToolsFile::read() const {
    auto file = read_file(path_, tools_file_bytes_max);
    if (!file) return file.error();
    if (!*file) return std::optional<ToolsText>();
    std::string text = std::move((*file)->text);
    const Fingerprint fingerprint = fingerprint_of(text);
    return std::optional<ToolsText>({std::move(text), fingerprint});
}

Result<CommitOutcome> ToolsFile::commit(const std::optional<Fingerprint>& expected, std::string_view text,
                                        std::uint64_t generation) {
    if (auto prepared = prepare(text, generation); !prepared) return prepared.error();
    const auto displaced_one = put_in_force(generation);
    if (!displaced_one) return displaced_one.error();
    CommitOutcome outcome{fingerprint_of(text), std::nullopt, std::nullopt};
    if (*displaced_one) {
        auto displaced = read_displaced(generation, writer_patience);
        if (!displaced) {
            unread_.push_back(generation);
            outcome.tidy_error = displaced.error();
            return outcome;
        }
        const bool is_news = *displaced && fingerprint_of(**displaced) != expected && **displaced != text;
        if (is_news) outcome.displaced_text = *std::move(displaced);
    }
    if (auto tidied = tidy(generation, outcome.displaced_text.has_value()); !tidied) {
        outcome.tidy_error = tidied.error();
    }
    return outcome;
}

Result<> ToolsFile::set_aside_rejected(std::string_view text, std::string_view reason) {
    const fs::path rejected = path_.string() + ".rejected";
    if (auto kept = replace_file(rejected, text); !kept) return kept;
    return replace_file(rejected.string() + ".txt", std::string(reason) + "\n");
}

fs::path ToolsFile::aside_path(std::uint64_t generation) const {
    return directory_ / (std::string(aside_prefix) + std::to_string(generation) + std::string(aside_suffix));
}

Result<std::vector<std::uint64_t>> ToolsFile::asides() const {
    const auto names = list_names(directory_);
    if (!names) return names.error();
    std::vector<std::uint64_t> generations;
    for (const std::string& name : *names) {
        if (const auto generation = aside_generation(name)) generations.push_back(*generation);
    }
    return generations;
}

/// States 1 and 2 of a commit; after an error neither is left.
Result<> ToolsFile::prepare(std::string_view text, std::uint64_t generation) {
    if (text.size() > tools_file_bytes_max) {
        return Error{ErrorKind::exhausted, path_.string() + ": " + std::to_string(text.size()) +
                                               " bytes are more than the limit of " +
                                               std::to_string(tools_file_bytes_max)};
    }
    const auto present = read_access(path_);
    if (!present) return present.error();
    const FileAccess access = present->value_or(FileAccess{});
    const fs::path aside = aside_path(generation);
    auto done = write_synced(aside, text, access);
    if (done) done = history_.add(generation, text);
    if (!done) return with_cleanup(done.error(), remove_file(aside));
    return {};
}

/// State 3 of a commit: true when the aside now names what was displaced. After an error the old content is
/// in force again.
Result<bool> ToolsFile::put_in_force(std::uint64_t generation) {
    const fs::path aside = aside_path(generation);
    auto swapped = swap_into_place(aside, path_);
    Result<> done;
    if (!swapped) done = swapped.error();
    if (swapped) done = sync_directory(directory_);
    if (done) return swapped;
    Error error = done.error();
    // In this order a crash in between is read as "generation never was".
    error = with_cleanup(std::move(error), history_.remove(generation));
    if (swapped && *swapped) {
        const auto back = swap_into_place(aside, path_);
        if (!back) error = with_cleanup(std::move(error), back.error());
    } else if (swapped) {
        error = with_cleanup(std::move(error), remove_file(path_));
    }
    return with_cleanup(std::move(error), remove_file(aside));
}

/// What the swap displaced, once whoever is writing it in place has finished.
Result<std::optional<std::string>> ToolsFile::read_displaced(std::uint64_t generation,
                                                             std::chrono::milliseconds patience) const {
    const fs::path aside = aside_path(generation);
    if (auto finished = await_writers(aside, patience); !finished) {
        if (finished.error().kind == ErrorKind::not_found) return std::optional<std::string>();
        return finished.error();
    }
    auto file = read_file(aside, tools_file_bytes_max);
    if (!file) return file.error();
    if (!*file) return std::optional<std::string>();
    return std::optional<std::string>(std::move((*file)->text));
}

/// Removes the asides that nobody has to read any more.
Result<> ToolsFile::tidy(std::uint64_t generation, bool keep_aside) {
    const auto generations = asides();
    if (!generations) return generations.error();
    for (const std::uint64_t other : *generations) {
        if (other == generation && keep_aside) continue;
        if (std::find(unread_.begin(), unread_.end(), other) != unread_.end()) continue;
        if (auto removed = remove_file(aside_path(other)); !removed) return removed;
    }
    return history_.prune(history_keep_);
}

Result<> ToolsFile::recover() {
    if (auto swept = history_.sweep(); !swept) return swept;
    for (const char* name : {"tools.json.rejected.new", "tools.json.rejected.txt.new"}) {
        if (auto removed = remove_file(directory_ / name); !removed) return removed;
    }
    const auto generations = asides();
    if (!generations) return generations.error();
    const auto newest = history_.newest();
    if (!newest) return newest.error();
    const std::uint64_t truth = *newest ? (*newest)->generation : 0;
    for (const std::uint64_t generation : *generations) {
        Result<> done;
        if (generation > truth) done = remove_file(aside_path(generation));
        else if (generation == truth) done = make_up_for_swap(generation);
        if (!done) return done;
        if (generation <= truth) unread_.push_back(generation);
    }
    return {};
}

/// The commit of the newest generation was interrupted after it became the truth, perhaps before the swap.
Result<> ToolsFile::make_up_for_swap(std::uint64_t generation) {
    const auto truth = history_.read(generation);
    if (!truth) return truth.error();
    const auto aside = read_file(aside_path(generation), tools_file_bytes_max);
    if (!aside) return aside.error();
    if (!*aside || (*aside)->text != *truth) return {};
    const auto swapped = put_in_force(generation);
    if (!swapped) return swapped.error();
    return {};
}

/// Whether `text` is one of the kept generations, so that dropping it loses nothing.
Result<bool> ToolsFile::is_kept(std::string_view text) const {
    const auto entries = history_.list();
    if (!entries) return entries.error();
    for (const HistoryEntry& entry : *entries) {
        if (entry.size_bytes != text.size()) continue;
        const auto kept = history_.read(entry.generation);
        if (!kept) return kept.error();
        if (*kept == text) return true;
    }
    return false;
}

}  // namespace elasticity
