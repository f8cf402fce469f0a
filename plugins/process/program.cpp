#include "plugins/process/program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <elasticity/sdk/plugin.hpp>

namespace elasticity::process {
namespace {

bool is_file(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

sdk::Error not_executable(const std::string& file) {
    return sdk::Error(ELS_INVALID_ARGUMENT, file + " is not executable")
        .at("/command/0")
        .provider("command_not_executable");
}

sdk::Error not_found(const std::string& name, std::string_view path) {
    return sdk::Error(ELS_INVALID_ARGUMENT,
                      "no program '" + name + "' in the worker's PATH, " + std::string(path))
        .at("/command/0")
        .provider("command_not_found");
}

}  // namespace

std::string find_program(const std::string& name, std::string_view path) {
    if (name.find('/') != std::string::npos) return name;
    std::string without_permission;
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        // An empty or relative folder would make the meaning depend on where the daemon was started.
        if (folder.empty() || folder.front() != '/') continue;
        const std::string file = std::string(folder) + "/" + name;
        if (!is_file(file)) continue;
        if (access(file.c_str(), X_OK) == 0) return file;
        if (without_permission.empty()) without_permission = file;
    }
    throw without_permission.empty() ? not_found(name, path) : not_executable(without_permission);
}

}  // namespace elasticity::process
