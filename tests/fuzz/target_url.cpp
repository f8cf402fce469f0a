#include "core/model/target.hpp"
#include "tests/fuzz/fuzz.hpp"

using elasticity::fuzz::require;

void fuzz_one(std::string_view input) {
    const auto address = elasticity::parse_target_url(input);
    if (!address) return;
    const std::string canonical = elasticity::to_url(*address);
    require(canonical.find('@') == std::string::npos, "a target holds no login");
    const auto again = elasticity::parse_target_url(canonical);
    require(again.has_value(), "a canonical URL is a URL");
    require(*again == *address, "a canonical URL is of the same target");
}
