#include "plugins/process/common/fields.hpp"

#include <charconv>

namespace elasticity::process {
namespace {

/// The value, where `entry` is "name=value" of that name.
bool has_name(std::string_view entry, std::string_view name) {
    return entry.size() > name.size() && entry[name.size()] == '=' && entry.substr(0, name.size()) == name;
}

template <class Visit>
void each_value(std::string_view text, std::string_view name, Visit visit) {
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find('\0'));
        text.remove_prefix(std::min(entry.size() + 1, text.size()));
        if (has_name(entry, name) && !visit(entry.substr(name.size() + 1))) return;
    }
}

}  // namespace

void Fields::add(std::string_view name, std::string_view value) {
    text_.append(name).append(1, '=').append(value).append(1, '\0');
}

std::string_view Fields::get(std::string_view name) const {
    std::string_view found;
    each_value(text_, name, [&](std::string_view value) {
        found = value;
        return false;
    });
    return found;
}

std::vector<std::string> Fields::all(std::string_view name) const {
    std::vector<std::string> values;
    each_value(text_, name, [&](std::string_view value) {
        values.emplace_back(value);
        return true;
    });
    return values;
}

long long Fields::number(std::string_view name, long long fallback) const {
    const std::string_view text = get(name);
    long long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : fallback;
}

}  // namespace elasticity::process
