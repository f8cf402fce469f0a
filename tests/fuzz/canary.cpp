// A fuzzer that must fail, and does so within a second: it proves that the others could.
#include "tests/fuzz/fuzz.hpp"

void fuzz_one(std::string_view input) {
    elasticity::fuzz::require(!input.starts_with("{\"a\""), "no input begins like an object");
}
