#include "plugins/docker/json_fields.hpp"

#include <boost/json/parse.hpp>
#include <cmath>
#include <elasticity/sdk/types.hpp>

namespace elasticity::docker {
namespace json = boost::json;

json::object parse_object(std::string_view text, std::string_view what) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error || !value.is_object()) {
        throw sdk::Error(ELS_INVALID_ARGUMENT, std::string(what) + ": want a JSON object" +
                                                   (error ? ", got " + error.message() : std::string()));
    }
    return std::move(value.as_object());
}

void Fields::refuse(std::string_view name, const std::string& wanted) const {
    const std::string pointer = pointer_to(name);
    throw sdk::Error(ELS_INVALID_ARGUMENT, pointer + ": want " + wanted)
        .at(pointer)
        .provider("invalid_field");
}

std::string Fields::text(std::string_view name, std::string_view otherwise) const {
    const json::value* value = find(name);
    if (!value) return std::string(otherwise);
    if (!value->is_string()) refuse(name, "a text");
    return std::string(value->get_string());
}

bool Fields::boolean(std::string_view name, bool otherwise) const {
    const json::value* value = find(name);
    if (!value) return otherwise;
    if (!value->is_bool()) refuse(name, "true or false");
    return value->get_bool();
}

std::int64_t Fields::integer(std::string_view name, std::int64_t least, std::int64_t otherwise) const {
    const json::value* value = find(name);
    if (!value) return otherwise;
    boost::system::error_code error;
    const auto number = value->to_number<std::int64_t>(error);
    if (error || number < least) refuse(name, "a whole number of at least " + std::to_string(least));
    return number;
}

double Fields::positive(std::string_view name, double otherwise) const {
    const json::value* value = find(name);
    if (!value) return otherwise;
    boost::system::error_code error;
    const auto number = value->to_number<double>(error);
    if (error || !std::isfinite(number) || number <= 0) refuse(name, "a number greater than 0");
    return number;
}

std::vector<std::string> Fields::texts(std::string_view name) const {
    std::vector<std::string> texts;
    for (const json::value& element : array(name)) {
        if (!element.is_string()) refuse(name, "an array of texts");
        texts.emplace_back(element.get_string());
    }
    return texts;
}

const json::object& Fields::object(std::string_view name) const {
    static const json::object none;
    const json::value* value = find(name);
    if (!value) return none;
    if (!value->is_object()) refuse(name, "an object");
    return value->get_object();
}

const json::array& Fields::array(std::string_view name) const {
    static const json::array none;
    const json::value* value = find(name);
    if (!value) return none;
    if (!value->is_array()) refuse(name, "an array");
    return value->get_array();
}

}  // namespace elasticity::docker
