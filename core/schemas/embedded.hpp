#pragma once
#include <string_view>

namespace elasticity::schemas {

/// The JSON Schemas of this folder, as they are installed: what the code validates against.
extern const std::string_view tool;
extern const std::string_view scaling;
extern const std::string_view deploy_message;
extern const std::string_view tool_reference;
extern const std::string_view tools_file;
extern const std::string_view settings;

}  // namespace elasticity::schemas
