#pragma once
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/model/error.hpp"

namespace elasticity {

/// Reads members of an untrusted JSON object into variables, which keep their value where the member is absent.
/// The first member that has another type or is out of range is the fault. Borrows the object. For .cpp files.
class WireFields {
public:
    explicit WireFields(const boost::json::object& object) : object_(&object) {}
    explicit WireFields(boost::json::value&&) = delete;
    explicit WireFields(const boost::json::value& value) : object_(value.if_object()) {
        if (!object_) fault_ = Error{ErrorKind::invalid, "an object was wanted"};
    }

    template <class T>
    void read(std::string_view name, T& to) {
        const boost::json::value* value = object_ ? object_->if_contains(name) : nullptr;
        if (value && !assign(*value, to)) refuse(name);
    }

    template <class T>
    void read(std::string_view name, std::optional<T>& to) {
        T value{};
        if (!object_ || !object_->contains(name)) return;
        read(name, value);
        to = value;
    }

    /// Empty where it is absent.
    const boost::json::array& array(std::string_view name) {
        static const boost::json::array none;
        const boost::json::value* value = object_ ? object_->if_contains(name) : nullptr;
        if (!value) return none;
        if (!value->is_array()) refuse(name);
        return value->is_array() ? value->get_array() : none;
    }

    std::optional<Error> fault() { return std::exchange(fault_, std::nullopt); }

private:
    static bool assign(const boost::json::value& value, std::string& to) {
        if (!value.is_string()) return false;
        to = std::string(value.get_string());
        return true;
    }

    static bool assign(const boost::json::value& value, bool& to) {
        if (value.is_bool()) to = value.get_bool();
        return value.is_bool();
    }

    template <class T>
        requires std::is_arithmetic_v<T>
    static bool assign(const boost::json::value& value, T& to) {
        if (!value.is_number() || (std::is_integral_v<T> && value.is_double())) return false;
        boost::json::error_code failed;
        const T number = value.to_number<T>(failed);
        if (!failed) to = number;
        return !failed;
    }

    void refuse(std::string_view name) {
        if (!fault_) fault_ = Error{ErrorKind::invalid, "'" + std::string(name) + "' is not of its type"};
    }

    const boost::json::object* object_;
    std::optional<Error> fault_;
};

}  // namespace elasticity
