#pragma once
#include <boost/json/fwd.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/model/error.hpp"
#include "core/model/finding.hpp"

namespace elasticity {

enum class JsonDialect {
    strict,      ///< what machines exchange
    with_notes,  ///< what people write: comments and trailing commas are allowed
};

struct TextPosition {
    std::size_t line = 1;    ///< from 1
    std::size_t column = 1;  ///< from 1, in bytes
};

/// Parses a whole document. Duplicate keys and more than 32 levels are errors, which Boost.JSON alone would
/// let pass. An error's text begins with "LINE:COLUMN: ".
Result<boost::json::value> parse_json(std::string_view text, JsonDialect dialect = JsonDialect::strict);

/// Where the value of a JSON pointer begins in a text that `parse_json` accepted; the place of its nearest
/// existing parent when the pointer leads to nothing.
TextPosition position_of(std::string_view text, std::string_view pointer);

/// Puts "LINE:COLUMN: POINTER: " before each message, for findings about a text that `parse_json` accepted.
void add_positions(Findings& findings, std::string_view text);

/// Indented by two spaces; short arrays of plain values stay on one line, so that `git diff` reads well.
std::string to_pretty_json(const boost::json::value& value);

/// Appends one reference token to a JSON pointer (RFC 6901 escapes).
std::string pointer_to(std::string_view parent, std::string_view token);
std::string pointer_to(std::string_view parent, std::size_t index);

}  // namespace elasticity
