#include "core/cli/terminal.hpp"

#include <catch2/catch.hpp>
#include <sstream>

namespace elasticity::cli {
namespace {

TEST_CASE("terminal: columns are as wide as their longest cell, counted in characters") {
    CHECK(to_table({{"A", "B"}, {"größe", "1"}, {"x", "22"}}, 0) == "A      B\ngröße  1\nx      22\n");
}

TEST_CASE("terminal: a line that is too long is cut off with an ellipsis") {
    CHECK(to_table({{"ab", "cdef"}}, 8) == "ab  cdef\n");
    CHECK(to_table({{"ab", "cdef"}}, 7) == "ab  cd…\n");
    CHECK(to_table({{"üüüü"}}, 3) == "üü…\n");
}

TEST_CASE("terminal: an error is one line, and the kind decides the exit code") {
    std::istringstream in;
    std::ostringstream out, err;
    Terminal terminal{in, out, err};
    CHECK(fail(terminal, Error{ErrorKind::invalid, "a\nb"}) == ExitCode::usage);
    CHECK(err.str() == "elasticity: a b\n");
    CHECK(fail(terminal, Error{ErrorKind::unavailable, "x"}) == ExitCode::unreachable);
    CHECK(fail(terminal, Error{ErrorKind::not_found, "x"}) == ExitCode::failed);
    CHECK(out.str().empty());
}

TEST_CASE("terminal: findings begin with their file") {
    std::ostringstream out;
    tell(out, "a.json", {{"invalid_field", "/x", "3:4: /x: must be 1"}}, " (warning)");
    CHECK(out.str() == "a.json:3:4: /x: must be 1 (warning)\n");
}

}  // namespace
}  // namespace elasticity::cli
