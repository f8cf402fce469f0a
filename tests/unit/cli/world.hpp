#pragma once
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "core/cli/commands.hpp"

namespace elasticity::cli::test {

/// What a command did.
struct Outcome {
    ExitCode code = ExitCode::done;
    std::string out;
    std::string err;
};

/// A settings file and a state directory of their own, with the noop plugin as the only backend.
class World {
public:
    World();
    ~World();

    /// Runs a command line with `--config` for this world. `answer` is what a person types; without one
    /// nobody can be asked.
    Outcome run(std::vector<std::string> arguments, const char* answer = nullptr) const;

    void write_settings(const std::string& text) const { write(settings_path(), text); }
    /// Commits `tools` (the text of a JSON array) as a generation, as the daemon does.
    void commit(std::uint64_t generation, const std::string& tools) const;

    std::filesystem::path settings_path() const { return root_ / "elasticity.json"; }
    std::filesystem::path tools_path() const { return root_ / "state/tools.json"; }
    std::filesystem::path root() const { return root_; }
    std::string settings() const;

    static void write(const std::filesystem::path& path, const std::string& text);
    static std::string read(const std::filesystem::path& path);

private:
    std::filesystem::path root_;
};

/// A tool of kind `test`, as it stands in tools.json.
std::string tool(const std::string& name, int min_instances);

}  // namespace elasticity::cli::test
