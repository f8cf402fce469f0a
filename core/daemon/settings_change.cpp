#include "core/daemon/settings_change.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/model/json_text.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 2> fields_of_the_module{"plugin", "max_instances"};

/// Takes out of every backend what its plugin's next generation can take over.
json::object without_generations(json::object document) {
    for (auto& backend : document.at("backends").as_object()) {
        json::object kept;
        for (const auto& field : backend.value().as_object())
            if (std::ranges::find(fields_of_the_module, std::string_view(field.key())) != fields_of_the_module.end())
                kept.insert(field);
        backend.value() = std::move(kept);
    }
    return document;
}

}  // namespace

std::optional<std::vector<std::string>> backends_to_upgrade(std::string_view before, std::string_view after) {
    const auto one = parse_json(before, JsonDialect::with_notes);
    const auto other = parse_json(after, JsonDialect::with_notes);
    if (!one || !other) return std::nullopt;
    if (without_generations(one->as_object()) != without_generations(other->as_object())) return std::nullopt;
    const json::object& changed = other->as_object().at("backends").as_object();
    std::vector<std::string> names;
    for (const auto& backend : one->as_object().at("backends").as_object())
        if (changed.at(backend.key()) != backend.value()) names.emplace_back(backend.key());
    return names;
}

}  // namespace elasticity
