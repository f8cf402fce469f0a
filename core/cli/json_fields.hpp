#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace elasticity::cli {

// Reading what another release may have written: what is missing, or of another type, counts as empty.

inline std::string text_at(const boost::json::object& object, std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// A whole number as text, "-" when there is none.
inline std::string number_at(const boost::json::object& object, std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    if (value && value->is_int64()) return std::to_string(value->get_int64());
    if (value && value->is_uint64()) return std::to_string(value->get_uint64());
    return "-";
}

inline const boost::json::array& array_at(const boost::json::object& object, std::string_view name) {
    static const boost::json::array none;
    const boost::json::value* value = object.if_contains(name);
    return value && value->is_array() ? value->get_array() : none;
}

inline const boost::json::object& object_at(const boost::json::object& object, std::string_view name) {
    static const boost::json::object none;
    const boost::json::value* value = object.if_contains(name);
    return value && value->is_object() ? value->get_object() : none;
}

/// The items of an array that are objects.
template <class Visit>
void for_each_object(const boost::json::array& array, Visit visit) {
    for (const boost::json::value& item : array)
        if (item.is_object()) visit(item.get_object());
}

}  // namespace elasticity::cli
