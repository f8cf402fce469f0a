#include "core/cli/settings_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>

namespace elasticity::cli {
namespace {

Result<std::string> read_stream(const std::string& name, std::istream& stream, std::size_t bytes_max) {
    std::string text(bytes_max + 1, '\0');
    errno = 0;
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad() || errno == EISDIR)
        return Error{ErrorKind::invalid, name + ": cannot read: " + std::strerror(errno)};
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > bytes_max)
        return Error{ErrorKind::invalid, name + ": must be at most " + std::to_string(bytes_max) + " bytes"};
    return text;
}

}  // namespace

Result<std::string> read_input(const std::string& file, std::istream& input, std::size_t bytes_max) {
    if (file == "-") return read_stream("standard input", input, bytes_max);
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return Error{ErrorKind::invalid, file + ": cannot open: " + std::strerror(errno)};
    return read_stream(file, stream, bytes_max);
}

std::optional<Settings> load_settings(const std::string& file, Terminal& terminal) {
    const auto text = read_input(file, terminal.in, settings_bytes_max);
    if (!text) {
        fail(terminal, text.error());
        return std::nullopt;
    }
    ParsedSettings parsed = parse_settings(*text);
    tell(terminal.err, file, parsed.errors);
    if (!parsed.errors.empty()) return std::nullopt;
    return std::move(parsed.settings);
}

Result<const TargetSettings*> find_target(const Settings& settings, const std::string& name) {
    if (const TargetSettings* target = settings.find_target(name.empty() ? settings.deploy.target : name))
        return target;
    return Error{ErrorKind::invalid,
                 "no target '" + name + "' in the settings; known: " + settings.target_table().known()};
}

}  // namespace elasticity::cli
