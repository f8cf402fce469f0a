#include "core/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace elasticity::cli {
namespace {

bool continues_a_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Characters rather than bytes: a reason may hold any UTF-8.
std::size_t width_of(std::string_view text) {
    return text.size() -
           static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_a_character));
}

/// The first `columns` characters, the last of them an ellipsis where something is left out.
std::string cut(std::string text, std::size_t columns) {
    if (columns == 0 || width_of(text) <= columns) return text;
    std::size_t end = 0;
    for (std::size_t width = 0; end < text.size(); ++end)
        if (!continues_a_character(text[end]) && ++width == columns) break;
    return text.substr(0, end) + "…";
}

std::vector<std::size_t> column_widths(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    return widths;
}

ExitCode code_for(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
            return ExitCode::usage;
        case ErrorKind::unavailable:
            return ExitCode::unreachable;
        case ErrorKind::not_found:
        case ErrorKind::conflict:
        case ErrorKind::refused:
        case ErrorKind::exhausted:
        case ErrorKind::internal:
            return ExitCode::failed;
    }
    __builtin_unreachable();
}

}  // namespace

Terminal standard_terminal() {
    Terminal terminal{std::cin, std::cout, std::cerr};
    terminal.can_ask = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
    terminal.is_live = ::isatty(STDOUT_FILENO) == 1;
    winsize size{};
    if (terminal.is_live && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        terminal.columns = size.ws_col;
    return terminal;
}

ExitCode fail(Terminal& terminal, ExitCode code, const std::string& message) {
    terminal.err << "elasticity: " << printable(message) << std::endl;
    return code;
}

ExitCode fail(Terminal& terminal, const Error& error) {
    return fail(terminal, code_for(error.kind), error.message);
}

void tell(std::ostream& out, const std::string& file, const Findings& findings, std::string_view mark) {
    for (const Finding& finding : findings) out << file << ':' << printable(finding.message) << mark << '\n';
    out.flush();
}

std::string printable(std::string_view text) {
    std::string safe(text);
    for (char& c : safe)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    return safe;
}

std::string to_table(const std::vector<std::vector<std::string>>& rows, std::size_t columns) {
    const std::vector<std::size_t> widths = column_widths(rows);
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += cut(std::move(line), columns) + "\n";
    }
    return text;
}

std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace elasticity::cli
