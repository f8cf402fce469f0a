#pragma once
#include <elasticity/sdk/abi.h>

#include <initializer_list>
#include <string>

namespace elasticity::sdk {

/// The view borrows: it lives as long as the text does.
inline els_view view_of(const std::string& text) { return {text.data(), text.size()}; }

/// Whether a plugin's texts can be read: none is null, none is over 64 KiB.
bool are_sound(std::initializer_list<els_view> views);

/// A copy of a sound text, made valid UTF-8.
std::string owned(els_view view);

}  // namespace elasticity::sdk
