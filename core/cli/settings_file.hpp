#pragma once
#include <optional>
#include <string>

#include "core/cli/terminal.hpp"
#include "core/daemon/settings.hpp"

namespace elasticity::cli {

/// What a person wrote, at most `bytes_max` of it; "-" reads `input`. The error names the file.
Result<std::string> read_input(const std::string& file, std::istream& input, std::size_t bytes_max);

/// The settings, read and checked; otherwise every error has been told and nothing is returned.
std::optional<Settings> load_settings(const std::string& file, Terminal& terminal);

/// The settings' target of this name, or of the deploy queue when it is empty; an error names the known ones.
Result<const TargetSettings*> find_target(const Settings& settings, const std::string& name);

constexpr std::size_t settings_bytes_max = 16 << 20;

}  // namespace elasticity::cli
