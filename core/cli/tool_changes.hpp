#pragma once
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "core/state/desired_state.hpp"

namespace elasticity::cli {

struct FieldChange {
    std::string field;
    boost::json::value before;  ///< null: was left out
    boost::json::value after;   ///< null: is left out
};

/// What makes one tool another wish. The bookkeeping of generations and requests is not a wish.
struct ToolChange {
    enum class Kind { added, removed, changed };

    ToolKey key;
    Kind kind = Kind::changed;
    std::vector<FieldChange> fields;  ///< of a changed tool, by name
};

std::vector<ToolChange> changes_between(const DesiredState& before, const DesiredState& after);

/// A line for each tool: "+ ocr on TARGET", "- ocr on TARGET", "~ ocr on TARGET: min_instances 2 -> 5".
std::string to_text(const std::vector<ToolChange>& changes);
boost::json::array to_json(const std::vector<ToolChange>& changes);

}  // namespace elasticity::cli
