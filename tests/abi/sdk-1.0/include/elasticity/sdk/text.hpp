#pragma once
#include <elasticity/sdk/abi.h>

#include <cstdio>
#include <string>
#include <string_view>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {

inline std::string_view text_of(els_view view) noexcept {
    return view.len == 0 ? std::string_view() : std::string_view(view.data, view.len);
}

inline std::string_view text_of(const char* text) noexcept { return text == nullptr ? "" : text; }

/// The view borrows: it lives as long as the text does.
inline els_view view_of(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// `text` as a JSON string, quotes included.
inline std::string json_string(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
            quoted += escaped;
            continue;
        }
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
