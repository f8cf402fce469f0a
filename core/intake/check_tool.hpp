#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "core/intake/context.hpp"
#include "core/model/finding.hpp"
#include "core/model/tool.hpp"

namespace elasticity {

/// A tool as somebody wrote it, and every reason why it cannot be taken.
struct CheckedTool {
    std::string name;  ///< "" when it cannot be told
    ToolEntry entry;   ///< to be used only when there are no findings
    Findings findings;
};

/// Checks one tool of a deploy message or of tools.json. `target_id` is where it is deployed; pointers begin
/// with `base`.
CheckedTool check_tool(const boost::json::object& fields, const std::string& target_id,
                       const IntakeContext& context, std::string_view base);

/// The name under which these fields make a tool known, "" when they do not tell.
std::string tool_name(const boost::json::object& fields);

}  // namespace elasticity
