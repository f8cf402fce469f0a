#include <sys/stat.h>

#include <boost/json.hpp>
#include <istream>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/generations.hpp"
#include "core/cli/settings_file.hpp"
#include "core/cli/tool_changes.hpp"
#include "core/io/state/durable_file.hpp"
#include "core/io/state/tools_file.hpp"
#include "core/io/time_zones/time_zones.hpp"
#include "core/plugin_host/backend_catalog.hpp"
#include "core/plugin_host/plugin_folder.hpp"
#include "core/state/tools_text.hpp"

namespace elasticity::cli {
namespace json = boost::json;
namespace {

/// A rollback is a hand edit of the newest generation, so that the daemon merges it like any other, and loses
/// nothing that it accepted meanwhile.
struct Rollback {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::string text;  ///< the tools.json to be written
    std::vector<ToolChange> changes;
    bool is_needed = false;
    bool replaces_an_edit = false;  ///< tools.json holds one that is not in force
    FileAccess access;
};

/// Nobody may do more with the new file than with the old one; without an old one it belongs to the
/// directory's owner, since root may roll back for a daemon that is not.
Result<FileAccess> access_for(const std::filesystem::path& path, const std::optional<FileText>& present) {
    if (present) return present->access;
    struct stat directory {};
    if (::stat(path.parent_path().c_str(), &directory) != 0)
        return system_error(path.parent_path(), "read its status", errno);
    return FileAccess{0600, directory.st_uid, directory.st_gid};
}

Result<Rollback> plan_rollback(const Settings& settings, std::uint64_t generation) {
    const History history = history_of(settings);
    const auto newest = history.newest();
    if (!newest) return newest.error();
    if (!*newest) return Error{ErrorKind::not_found, settings.state_dir + ": no generation is kept"};
    auto wish = read_generation(history, generation);
    if (!wish) return wish.error();
    const auto current = read_generation(history, (*newest)->generation);
    if (!current) return current.error();
    const auto current_text = history.read((*newest)->generation);
    if (!current_text) return current_text.error();
    const auto present = read_file(tools_path_of(settings), tools_file_bytes_max);
    if (!present) return present.error();
    auto access = access_for(tools_path_of(settings), *present);
    if (!access) return access.error();

    Rollback rollback{
        (*newest)->generation, generation, {}, changes_between(*current, *wish), false, false, *access};
    const bool is_in_force = *present && (*present)->text == *current_text;
    rollback.is_needed = !is_in_force || !rollback.changes.empty();
    rollback.replaces_an_edit = *present && !is_in_force;
    if (rollback.is_needed && wish->tools().empty() && !current->tools().empty())
        return Error{ErrorKind::refused, "generation " + std::to_string(generation) +
                                             " holds no tool: remove the tools one by one instead"};
    wish->generation = current->generation;
    wish->recent_requests = current->recent_requests;
    rollback.text = to_text(*wish);
    return rollback;
}

/// The daemon would refuse what does not fit its settings; better to say so before.
bool fits_settings(const Rollback& rollback, const Settings& settings, Terminal& terminal) {
    const BackendCatalog catalog = BackendCatalog::load(settings, plugin_folder(settings));
    auto context = make_intake_context(settings, catalog);
    if (context) context->knows_time_zone = [](const std::string& zone) { return find_time_zone(zone) != nullptr; };
    if (!context) {
        fail(terminal, context.error());
        return false;
    }
    const Findings findings = parse_tools(rollback.text, *context, Author::person).findings;
    tell(terminal.err, "generation " + std::to_string(rollback.to), findings);
    return findings.empty();
}

bool is_confirmed(const Rollback& rollback, Terminal& terminal) {
    terminal.err << "Roll back from generation " << rollback.from << " to " << rollback.to << "? [y/N] "
                 << std::flush;
    std::string answer;
    std::getline(terminal.in, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

void print(const Rollback& rollback, bool as_json, Terminal& terminal) {
    if (as_json) {
        terminal.out << json::object{{"from", rollback.from},
                                     {"to", rollback.to},
                                     {"is_needed", rollback.is_needed},
                                     {"changes", to_json(rollback.changes)}}
                     << std::endl;
        return;
    }
    terminal.out << to_text(rollback.changes) << std::flush;
    if (!rollback.is_needed)
        terminal.out << "nothing to do: generation " << rollback.from << " has the same tools" << std::endl;
    else if (rollback.changes.empty())
        terminal.out << "tools.json is written again, with the same tools" << std::endl;
    if (rollback.replaces_an_edit)
        fail(terminal, ExitCode::done, "tools.json holds an edit that is not in force; it is replaced");
}

ExitCode carry_out(const Rollback& rollback, const std::filesystem::path& path, Terminal& terminal) {
    if (const auto written = replace_file(path, rollback.text, rollback.access); !written)
        return fail(terminal, written.error());
    terminal.err
        << "tools.json is written; the daemon takes it over like a hand edit, see 'elasticity status'"
        << std::endl;
    return ExitCode::done;
}

}  // namespace

ExitCode config_rollback(const CommonArguments& common, const ConfigRollbackArguments& arguments,
                         Terminal& terminal) {
    if (!arguments.yes && !terminal.can_ask)
        return fail(terminal, ExitCode::usage, "there is nobody to ask: a rollback needs --yes here");
    const auto settings = load_settings(common.settings_file, terminal);
    if (!settings) return ExitCode::usage;
    const auto rollback = plan_rollback(*settings, arguments.generation);
    if (!rollback) return fail(terminal, rollback.error());
    if (rollback->is_needed && !fits_settings(*rollback, *settings, terminal)) return ExitCode::usage;
    print(*rollback, common.json, terminal);
    if (!rollback->is_needed) return ExitCode::done;
    if (!arguments.yes && !is_confirmed(*rollback, terminal))
        return fail(terminal, ExitCode::failed, "nothing was changed");
    return carry_out(*rollback, tools_path_of(*settings), terminal);
}

}  // namespace elasticity::cli
