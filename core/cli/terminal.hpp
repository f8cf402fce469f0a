#pragma once
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "core/cli/exit_code.hpp"
#include "core/model/error.hpp"
#include "core/model/finding.hpp"

namespace elasticity::cli {

/// Where a command reads its answers and writes its output; tests put strings in the place of the terminal.
struct Terminal {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool can_ask = false;      ///< a person sits at `in` and reads `err`
    bool is_live = false;      ///< `out` is a terminal, where a line may be written again
    std::size_t columns = 80;  ///< of a live `out`
};

/// Standard input, output and error of this process.
Terminal standard_terminal();

/// Writes one line to standard error, and returns `code`.
ExitCode fail(Terminal& terminal, ExitCode code, const std::string& message);

/// As `fail`, with the code that the kind of error calls for.
ExitCode fail(Terminal& terminal, const Error& error);

/// One line for each finding of `file`, which begins with its place: FILE:LINE:COLUMN: POINTER: message.
void tell(std::ostream& out, const std::string& file, const Findings& findings, std::string_view mark = "");

/// Text of others, such as a plugin's reason, without what a terminal would take for a command.
std::string printable(std::string_view text);

/// Rows under a head, in columns as wide as their longest cell. `columns` cuts each line off; 0: nothing is
/// cut.
std::string to_table(const std::vector<std::vector<std::string>>& rows, std::size_t columns);

/// "2 tools", "1 tool".
std::string counted(std::size_t count, const std::string& noun);

}  // namespace elasticity::cli
