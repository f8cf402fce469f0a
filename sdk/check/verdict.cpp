#include "sdk/check/verdict.hpp"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "sdk/host/utf8.hpp"

namespace elasticity::check {
namespace {

constexpr std::array names{"pass", "warning", "fail", "crashed", "skipped"};

// One for the process: that is what a verdict ends.
std::string& verdict_file() {
    static std::string path;
    return path;
}

}  // namespace

const char* status_name(Status status) {
    return names.at(static_cast<std::size_t>(status));
}

void set_verdict_file(std::string path) {
    verdict_file() = std::move(path);
}

bool record_verdict(const Verdict& verdict) {
    std::ofstream file(verdict_file(), std::ios::trunc);
    file << static_cast<int>(verdict.status) << '\n' << sdk::valid_utf8(verdict.message);
    file.close();
    return !file.fail();
}

void conclude(const Verdict& verdict) {
    // No exit handlers: threads of the plugin may still run. load.ends_cleanly looks at those.
    _exit(record_verdict(verdict) ? 0 : 1);
}

std::optional<Verdict> read_verdict(const std::string& path) {
    std::ifstream file(path);
    int status = -1;
    if (!(file >> status) || status < 0 || static_cast<std::size_t>(status) >= names.size())
        return std::nullopt;
    file.get();
    return Verdict{static_cast<Status>(status), {std::istreambuf_iterator<char>(file), {}}};
}

void fail(const std::string& message) {
    conclude({Status::fail, message});
}
void warn(const std::string& message) {
    conclude({Status::warning, message});
}
void skip(const std::string& message) {
    conclude({Status::skipped, message});
}

void require(bool holds, const std::string& otherwise) {
    if (!holds) fail(otherwise);
}

std::string text_of(const sdk::HostError& error) {
    return std::string(sdk::code_name(error.code)) + ": " + error.message;
}

}  // namespace elasticity::check
