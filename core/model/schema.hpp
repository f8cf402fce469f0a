#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.hpp"
#include "core/model/finding.hpp"

namespace elasticity {

/// Nobody reads more; a hostile text could make a report many times its own size.
constexpr std::size_t findings_max = 100;

/// A compiled JSON Schema. valijson decides; the words are ours, because its own do not say what was wanted.
///
/// Use type, properties, required, additionalProperties, enum, minimum, maximum, minLength, maxLength, items,
/// minItems, maxItems, anyOf (with a description), description. Not `pattern`: std::regex overflows the stack
/// on long input, so names are checked by our own functions.
///
/// Threads: `check` may be called from several threads at once.
class Schema {
public:
    /// Fails when `schema` itself is not valid.
    static Result<Schema> compile(boost::json::object schema);

    /// Every reason at once why `value` does not fit, but for those beyond `findings_max`; empty when it does.
    /// Pointers begin with `base`. Structures are never quoted, since they may hold what nobody should read.
    Findings check(const boost::json::value& value, std::string_view base = {}) const;

    const boost::json::object& document() const;

private:
    struct Compiled;
    explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
    std::shared_ptr<const Compiled> compiled_;
};

/// What one node of a schema says about one value, its children left aside. A union is explained with its
/// children, by the one alternative whose type the value has. In schema_explain.cpp.
Findings explain_node(const boost::json::object& schema, const boost::json::value& value,
                      const std::string& pointer);

/// The name in `candidates` that a person who typed `name` most likely meant, or "".
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace elasticity
