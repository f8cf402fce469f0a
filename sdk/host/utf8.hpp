#pragma once
#include <cstring>
#include <string>
#include <string_view>

namespace elasticity::sdk {

/// `text` with every byte that is no part of valid UTF-8 replaced by U+FFFD: what a plugin says may end in
/// JSON, a log or a page.
std::string valid_utf8(std::string_view text);

/// The text in a plugin's array, whose terminator may have been forgotten.
template <std::size_t capacity>
std::string text_in(const char (&text)[capacity]) {
    return valid_utf8({text, strnlen(text, capacity)});
}

}  // namespace elasticity::sdk
