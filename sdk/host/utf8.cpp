#include "sdk/host/utf8.hpp"

#include <algorithm>

namespace elasticity::sdk {
namespace {

constexpr char replacement[] = "\xEF\xBF\xBD";

std::size_t wanted_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

/// The second byte's range excludes overlong forms, surrogates, and what is beyond U+10FFFF.
bool second_byte_fits(unsigned char lead, unsigned char second) {
    const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return second >= lowest && second <= highest;
}

/// Length of the valid character at the start of `text`, or 0.
std::size_t character_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = wanted_length(lead);
    if (length < 2) return length;
    if (text.size() < length || !second_byte_fits(lead, static_cast<unsigned char>(text[1]))) return 0;
    const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    return std::all_of(text.begin() + 2, text.begin() + length, is_continuation) ? length : 0;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        valid += length == 0 ? std::string_view(replacement) : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return valid;
}

}  // namespace elasticity::sdk
