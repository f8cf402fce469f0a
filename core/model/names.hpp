#pragma once
#include <string>
#include <string_view>

namespace elasticity {

/// Service names, prefixes and users: `[A-Za-z0-9][A-Za-z0-9_.-]*`, at most `max` characters.
bool is_plain_name(std::string_view name, std::size_t max = 63);

/// Queue names and names in a cloud: 1 to 255 bytes of UTF-8 without control characters.
bool is_printable_name(std::string_view name);

bool is_valid_utf8(std::string_view text);

}  // namespace elasticity
