#include <boost/json.hpp>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/generations.hpp"
#include "core/cli/settings_file.hpp"
#include "core/cli/tool_changes.hpp"
#include "core/model/time.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

struct GenerationLine {
    HistoryEntry entry;
    std::string time;
    std::size_t tool_count = 0;
};

Result<std::vector<GenerationLine>> read_lines(const History& history) {
    const auto entries = history.list();
    if (!entries) return entries.error();
    std::vector<GenerationLine> lines;
    for (const HistoryEntry& entry : *entries) {
        const auto state = read_generation(history, entry.generation);
        if (!state && state.error().kind == ErrorKind::not_found) continue;  // pruned while we were looking
        if (!state) return state.error();
        lines.push_back({entry, to_rfc3339(from_unix_ms(entry.time_unix_ms)), state->tools().size()});
    }
    return lines;
}

void print(const std::vector<GenerationLine>& lines, Terminal& terminal) {
    std::vector<std::vector<std::string>> rows{{"GENERATION", "TIME", "BYTES", "TOOLS"}};
    for (const GenerationLine& line : lines)
        rows.push_back({std::to_string(line.entry.generation), line.time,
                        std::to_string(line.entry.size_bytes), std::to_string(line.tool_count)});
    terminal.out << to_table(rows, 0) << std::flush;
}

void print_json(const std::vector<GenerationLine>& lines, Terminal& terminal) {
    json::array generations;
    for (const GenerationLine& line : lines)
        generations.push_back({{"generation", line.entry.generation},
                               {"time", line.time},
                               {"size_bytes", line.entry.size_bytes},
                               {"tools", line.tool_count}});
    terminal.out << json::object{{"generations", std::move(generations)}} << std::endl;
}

ExitCode print_diff(const History& history, std::uint64_t generation, bool as_json, Terminal& terminal) {
    const auto after = read_generation(history, generation);
    if (!after) return fail(terminal, after.error());
    const auto before = read_generation_before(history, generation);
    if (!before) return fail(terminal, before.error());
    const std::vector<ToolChange> changes = changes_between(*before, *after);
    if (as_json)
        terminal.out << json::object{{"generation", generation},
                                     {"before", before->generation},
                                     {"changes", to_json(changes)}}
                     << std::endl;
    else
        terminal.out << to_text(changes) << std::flush;
    return ExitCode::done;
}

}  // namespace

ExitCode config_history(const CommonArguments& common, const ConfigHistoryArguments& arguments,
                        Terminal& terminal) {
    const auto settings = load_settings(common.settings_file, terminal);
    if (!settings) return ExitCode::usage;
    const History history = history_of(*settings);
    if (arguments.diff) return print_diff(history, *arguments.diff, common.json, terminal);
    const auto lines = read_lines(history);
    if (!lines) return fail(terminal, lines.error());
    if (common.json)
        print_json(*lines, terminal);
    else
        print(*lines, terminal);
    return ExitCode::done;
}

}  // namespace elasticity::cli
