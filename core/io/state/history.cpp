#include "core/io/state/history.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/tools_file.hpp"

namespace elasticity {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t generation_digits = 12;  // sorts by name for 30,000 years of a commit a second
constexpr std::string_view suffix = ".json";
constexpr std::string_view unfinished_suffix = ".json.new";

std::optional<std::uint64_t> generation_of(const std::string& name) {
    if (name.size() < generation_digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
    const char* const end = name.data() + name.size() - suffix.size();
    std::uint64_t generation = 0;
    const auto [stopped, error] = std::from_chars(name.data(), end, generation);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return generation;
}

std::int64_t modified_unix_ms(const struct stat& status) {
    return static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000 + status.st_mtim.tv_nsec / 1'000'000;
}

Error not_kept(const fs::path& directory, std::uint64_t generation, const std::vector<HistoryEntry>& kept) {
    std::string range = "none is kept";
    if (!kept.empty()) {
        range = "kept are " + std::to_string(kept.size()) + " between " +
                std::to_string(kept.front().generation) + " and " + std::to_string(kept.back().generation);
    }
    return {ErrorKind::not_found,
            directory.string() + ": no generation " + std::to_string(generation) + ", " + range};
}

}  // namespace

fs::path History::path_of(std::uint64_t generation) const {
    std::string digits = std::to_string(generation);
    if (digits.size() < generation_digits) digits.insert(0, generation_digits - digits.size(), '0');
    return directory_ / digits.append(suffix);
}

Result<std::vector<HistoryEntry>> History::list() const {
    const auto names = list_names(directory_);
    if (!names) return names.error();
    std::vector<HistoryEntry> entries;
    for (const std::string& name : *names) {
        const auto generation = generation_of(name);
        if (!generation) continue;
        struct stat status {};
        if (::stat((directory_ / name).c_str(), &status) != 0) {
            if (errno == ENOENT) continue;  // pruned by the daemon while we were looking
            return system_error(directory_ / name, "read its status", errno);
        }
        const auto size_bytes = static_cast<std::uint64_t>(status.st_size);
        entries.push_back({*generation, modified_unix_ms(status), size_bytes});
    }
    std::sort(entries.begin(), entries.end(),
              [](const HistoryEntry& a, const HistoryEntry& b) { return a.generation < b.generation; });
    return entries;
}

Result<std::optional<HistoryEntry>> History::newest() const {
    const auto entries = list();
    if (!entries) return entries.error();
    if (entries->empty()) return std::optional<HistoryEntry>();
    return std::optional<HistoryEntry>(entries->back());
}

Result<std::string> History::read(std::uint64_t generation) const {
    auto file = read_file(path_of(generation), tools_file_bytes_max);
    if (!file) return file.error();
    if (*file) return std::move((*file)->text);
    const auto entries = list();
    if (!entries) return entries.error();
    return not_kept(directory_, generation, *entries);
}

Result<> History::add(std::uint64_t generation, std::string_view text) {
    const auto last = newest();
    if (!last) return last.error();
    if (*last && (*last)->generation >= generation) {
        return Error{ErrorKind::conflict, directory_.string() + ": generation " + std::to_string(generation) +
                                              " is not newer than " + std::to_string((*last)->generation)};
    }
    if (::mkdir(directory_.c_str(), 0700) == 0) {
        if (auto synced = sync_directory(directory_.parent_path()); !synced) return synced;
    } else if (errno != EEXIST) {
        return system_error(directory_, "create the directory", errno);
    }
    auto written = replace_file(path_of(generation), text);
    if (!written) return with_cleanup(written.error(), remove(generation));
    return {};
}

Result<> History::remove(std::uint64_t generation) {
    if (auto removed = remove_file(path_of(generation)); !removed) return removed;
    return sync_directory(directory_);
}

Result<> History::prune(std::size_t keep) {
    const auto entries = list();
    if (!entries) return entries.error();
    const std::size_t kept = std::max<std::size_t>(keep, 1);
    for (std::size_t i = 0; i + kept < entries->size(); ++i) {
        if (auto removed = remove_file(path_of((*entries)[i].generation)); !removed) return removed;
    }
    return {};
}

Result<> History::sweep() {
    const auto names = list_names(directory_);
    if (!names) return names.error();
    for (const std::string& name : *names) {
        if (!name.ends_with(unfinished_suffix)) continue;
        if (auto removed = remove_file(directory_ / name); !removed) return removed;
    }
    return {};
}

}  // namespace elasticity
