// Reading a JSON object field by field, with errors that point at the field.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace elasticity::docker {

/// Throws sdk::Error (ELS_INVALID_ARGUMENT) for what is not a JSON object; `what` names it.
boost::json::object parse_object(std::string_view text, std::string_view what);

/// The fields of one object. A field that is there must have the wanted type, else sdk::Error with its JSON
/// pointer. The core has checked all this against our schemas; a second look costs nothing.
class Fields {
public:
    explicit Fields(const boost::json::object& object, std::string pointer = {})
        : object_(object), pointer_(std::move(pointer)) {}

    std::string text(std::string_view name, std::string_view otherwise) const;
    bool boolean(std::string_view name, bool otherwise) const;
    std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t otherwise) const;
    double positive(std::string_view name, double otherwise) const;
    std::vector<std::string> texts(std::string_view name) const;
    /// The field, or null.
    const boost::json::value* find(std::string_view name) const { return object_.if_contains(name); }
    /// The field as an object; an empty one when it is not there.
    const boost::json::object& object(std::string_view name) const;
    /// The field as an array; an empty one when it is not there.
    const boost::json::array& array(std::string_view name) const;

    std::string pointer_to(std::string_view name) const { return pointer_ + "/" + std::string(name); }
    [[noreturn]] void refuse(std::string_view name, const std::string& wanted) const;

private:
    const boost::json::object& object_;
    std::string pointer_;
};

}  // namespace elasticity::docker
