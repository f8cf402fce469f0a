#include "core/model/names.hpp"
#include "sdk/host/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

using elasticity::fuzz::require;

void fuzz_one(std::string_view input) {
    const std::string valid = elasticity::sdk::valid_utf8(input);
    require(elasticity::is_valid_utf8(valid), "a plugin's text is made valid");
    require(elasticity::sdk::valid_utf8(valid) == valid, "a valid text stays as it is");
    if (elasticity::is_valid_utf8(input)) require(valid == input, "only what is invalid is replaced");
}
