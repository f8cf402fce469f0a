#include "plugins/process/launch.hpp"

#include <catch2/catch.hpp>

using namespace elasticity::process;

namespace {

std::string line(Detachment detachment) {
    std::string text;
    for (const std::string& word : launch_command(detachment, "/x/shim", "0123456789abcdef", "ocr-1"))
        text += (text.empty() ? "" : " ") + word;
    return text;
}

}  // namespace

TEST_CASE("launch: where systemd runs, the shim is started in a scope of its own") {
    CHECK(line(Detachment::system_scope) ==
          "systemd-run --quiet --collect --scope --unit=elasticity-01234567-ocr-1 -- /x/shim");
}

TEST_CASE("launch: a user's daemon asks the user's systemd") {
    CHECK(line(Detachment::user_scope) ==
          "systemd-run --quiet --collect --scope --unit=elasticity-01234567-ocr-1 --user -- /x/shim");
}

TEST_CASE("launch: without systemd the shim is started as it is") {
    CHECK(line(Detachment::session) == "/x/shim");
}
