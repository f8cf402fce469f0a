#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "core/cli/commands.hpp"
#include "core/cli/own_program.hpp"
#include "core/cli/settings_file.hpp"

namespace elasticity::cli {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t name_max = 40;
constexpr std::size_t template_file_bytes_max = 1 << 20;

/// It becomes a file's, a target's and a backend's name, and part of an id.
bool is_plugin_name(std::string_view name) {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; };
    return !name.empty() && name.size() <= name_max && is_letter(name.front()) && name.back() != '-' &&
           std::all_of(name.begin(), name.end(), is_part);
}

/// "my-cloud" -> "MyCloud"
std::string class_name(std::string_view name) {
    std::string text;
    bool begins_word = true;
    for (const char c : name) {
        const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        if (c != '-') text += begins_word ? upper : c;
        begins_word = c == '-';
    }
    return text;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

Result<> write_file(const fs::path& from, const fs::path& to, const std::string& name) {
    std::ifstream none;
    auto text = read_input(from.string(), none, template_file_bytes_max);
    if (!text) return text.error();
    replace_all(*text, "my-cloud", name);
    replace_all(*text, "MyCloud", class_name(name));
    std::ofstream file(to, std::ios::binary);
    file << *text;
    if (!file.flush()) return Error{ErrorKind::exhausted, to.string() + ": cannot be written"};
    fs::permissions(to, fs::status(from).permissions());
    return {};
}

/// The files of the template, sorted; empty when it is not there.
std::vector<fs::path> template_files(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// Where `find_package` and the like have to be told of us.
std::string prefix_option() {
    const fs::path prefix = own_prefix();
    const bool is_usual = prefix == "/usr" || prefix == "/usr/local";
    return is_usual ? "" : " -D CMAKE_PREFIX_PATH=" + prefix.string();
}

std::string next_steps(const std::string& folder, const std::string& name) {
    return "Next:\n"
           "  cmake -S " + folder + " -B " + folder + "/build" + prefix_option() + "\n"
           "  cmake --build " + folder + "/build           # makes " + name + ".so\n"
           "  ctest --test-dir " + folder + "/build        # checks it\n"
           "  elasticity plugin describe " + folder + "/build/" + name + ".so\n" +
           folder + "/README.md tells how to use it, and what to change.\n";
}

}  // namespace

ExitCode plugin_new(const CommonArguments& common, const PluginNewArguments& arguments, Terminal& terminal) {
    const std::string& name = arguments.name;
    if (!is_plugin_name(name))
        return fail(terminal, ExitCode::usage,
                    "a plugin's name must be 1 to 40 lower-case letters, digits and '-', begin with a letter "
                    "and not end with '-', got '" + name + "'");
    const fs::path folder = arguments.directory.empty() ? name : arguments.directory;
    const fs::path source = own_prefix() / "share/elasticity/template" / arguments.language;
    const std::vector<fs::path> files = template_files(source);
    if (files.empty())
        return fail(terminal, ExitCode::failed, source.string() + ": there is no template");
    std::error_code failed;
    if (fs::exists(folder, failed) && !fs::is_empty(folder, failed))
        return fail(terminal, ExitCode::failed, folder.string() + ": is there already, and not empty");
    if (!failed) fs::create_directories(folder, failed);
    if (failed) return fail(terminal, ExitCode::failed, folder.string() + ": " + failed.message());
    boost::json::array written;
    for (const fs::path& file : files) {
        const auto done = write_file(file, folder / file.filename(), name);
        if (!done) return fail(terminal, done.error());
        written.emplace_back(file.filename().string());
    }
    if (common.json)
        terminal.out << boost::json::object{{"folder", folder.string()}, {"files", written}} << std::endl;
    else
        terminal.out << "Wrote " << counted(files.size(), "file") << " to " << folder.string() << ". "
                     << next_steps(folder.string(), name) << std::flush;
    return ExitCode::done;
}

}  // namespace elasticity::cli
