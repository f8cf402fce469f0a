#include "core/cli/generations.hpp"

#include "core/intake/context.hpp"
#include "core/state/tools_text.hpp"

namespace elasticity::cli {

History history_of(const Settings& settings) {
    return History(std::filesystem::path(settings.state_dir) / "history");
}

std::filesystem::path tools_path_of(const Settings& settings) {
    return std::filesystem::path(settings.state_dir) / "tools.json";
}

Result<DesiredState> read_generation(const History& history, std::uint64_t generation) {
    const auto text = history.read(generation);
    if (!text) return text.error();
    ParsedTools parsed = parse_tools(*text, IntakeContext{}, Author::module);
    if (parsed.findings.empty()) return std::move(parsed.state);
    return Error{ErrorKind::internal,
                 "generation " + std::to_string(generation) + ":" + parsed.findings.front().message};
}

Result<DesiredState> read_generation_before(const History& history, std::uint64_t generation) {
    const auto kept = history.list();
    if (!kept) return kept.error();
    std::uint64_t before = 0;
    for (const HistoryEntry& entry : *kept)
        if (entry.generation < generation) before = entry.generation;
    if (before > 0) return read_generation(history, before);
    if (generation <= 1) return DesiredState{};
    return Error{ErrorKind::not_found, "no generation before " + std::to_string(generation) + " is kept"};
}

}  // namespace elasticity::cli
