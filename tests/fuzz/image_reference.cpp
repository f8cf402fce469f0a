#include <elasticity/sdk/image_reference.hpp>

#include "tests/fuzz/fuzz.hpp"

using elasticity::fuzz::require;
using elasticity::sdk::parse_image_reference;

void fuzz_one(std::string_view input) {
    const auto reference = parse_image_reference(input);
    if (!reference) return;
    const auto again = parse_image_reference(reference->text());
    require(again.has_value(), "a canonical name is a name");
    require(again->text() == reference->text(), "a canonical name is its own canonical name");
    require(again->repository() == reference->repository(), "a canonical name is of the same repository");
}
