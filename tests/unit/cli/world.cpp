#include "world.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/intake/context.hpp"
#include "core/io/state/tools_file.hpp"
#include "core/state/tools_text.hpp"

namespace elasticity::cli::test {

World::World() {
    std::string pattern = (std::filesystem::temp_directory_path() / "elasticity-cli.XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root_ = pattern;
    std::filesystem::create_directory(root_ / "state");
    write_settings(settings());
}

World::~World() {
    std::filesystem::remove_all(root_);
}

std::string World::settings() const {
    return R"({
  "name": "em-test",
  "state_dir": ")" +
           (root_ / "state").string() + R"(",
  "plugin_dir": ")" TEST_PLUGIN_DIR R"(",
  "targets": {"prod": {"amqp": "amqp://127.0.0.1:1", "password": {"file": "/nowhere/password"}}},
  "deploy": {"target": "prod"},
  "allow": {"images": ["docker.io/ncsa/*"]},
  "backends": {"memory": {"plugin": "noop", "isolation": "in_process"}},
  "placement": {"test": ["memory"]}
}
)";
}

Outcome World::run(std::vector<std::string> arguments, const char* answer) const {
    arguments.insert(arguments.end(), {"--config", settings_path().string()});
    std::istringstream in(answer ? answer : "");
    std::ostringstream out, err;
    Terminal terminal{in, out, err};
    terminal.can_ask = answer != nullptr;
    const ExitCode code = cli::run(arguments, terminal);
    return {code, out.str(), err.str()};
}

void World::commit(std::uint64_t generation, const std::string& tools) const {
    const std::string text =
        R"({"generation": )" + std::to_string(generation) + R"(, "tools": )" + tools + "}";
    const ParsedTools parsed = parse_tools(text, IntakeContext{}, Author::module);
    REQUIRE(parsed.findings.empty());
    auto file = ToolsFile::open(root_ / "state");
    REQUIRE(file.has_value());
    const auto present = file->read();
    REQUIRE(present.has_value());
    std::optional<Fingerprint> expected;
    if (*present) expected = (*present)->fingerprint;
    REQUIRE(file->commit(expected, to_text(parsed.state), generation).has_value());
}

void World::write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    REQUIRE(file.flush());
}

std::string World::read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string tool(const std::string& name, int min_instances) {
    return R"({"target": "amqp://127.0.0.1:1/", "tool": ")" + name + R"(", "kind": "test", "extractor": ")" +
           name + R"(", "min_instances": )" + std::to_string(min_instances) + "}";
}

}  // namespace elasticity::cli::test
