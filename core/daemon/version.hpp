#pragma once

namespace elasticity {

inline constexpr const char* version_text = ELASTICITY_VERSION;

}  // namespace elasticity
