#include "sdk/host/views.hpp"

#include <algorithm>

#include "sdk/host/utf8.hpp"

namespace elasticity::sdk {

bool are_sound(std::initializer_list<els_view> views) {
    constexpr std::size_t text_max_bytes = 64 * 1024;
    return std::all_of(views.begin(), views.end(), [](els_view view) {
        return view.len <= text_max_bytes && (view.data != nullptr || view.len == 0);
    });
}

std::string owned(els_view view) {
    return view.len == 0 ? std::string() : valid_utf8({view.data, view.len});
}

}  // namespace elasticity::sdk
