#include "core/model/json_text.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "tests/fuzz/fuzz.hpp"

using namespace elasticity;
using elasticity::fuzz::require;

namespace {

/// Each value of the document, by its pointer.
void check_positions(std::string_view text, const boost::json::value& value, const std::string& pointer) {
    const TextPosition position = position_of(text, pointer);
    require(position.line >= 1 && position.column >= 1, "a position is counted from 1");
    if (const auto* object = value.if_object())
        for (const auto& member : *object)
            check_positions(text, member.value(), pointer_to(pointer, std::string_view(member.key())));
    if (const auto* array = value.if_array())
        for (std::size_t i = 0; i < array->size(); ++i)
            check_positions(text, array->at(i), pointer_to(pointer, i));
}

/// Boost.JSON reads numbers that are no integers to within a unit of the last place, so that they are not always
/// printed as they were read.
bool has_fraction(const boost::json::value& value) {
    if (const auto* object = value.if_object())
        return std::any_of(object->begin(), object->end(), [](const auto& member) { return has_fraction(member.value()); });
    if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), has_fraction);
    return value.is_double();
}

}  // namespace

void fuzz_one(std::string_view input) {
    const auto with_notes = parse_json(input, JsonDialect::with_notes);
    const auto strict = parse_json(input);
    if (strict) require(with_notes && *with_notes == *strict, "what machines may write, people may write too");
    if (!with_notes) return;
    if (input.size() < 4096) check_positions(input, *with_notes, "");
    const std::string pretty = to_pretty_json(*with_notes);
    const auto again = parse_json(pretty);
    require(again.has_value(), "pretty JSON is JSON");
    require(has_fraction(*with_notes) || to_pretty_json(*again) == pretty, "pretty JSON is its own pretty form");
}
