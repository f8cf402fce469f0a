#pragma once
#include <string>
#include <string_view>

#include "core/model/error.hpp"

namespace elasticity {

/// Reads a secret from where its reference points: {"file": PATH}, {"env": NAME} or {"command": [..]}. Read anew
/// at every call, so that a rotated one is found. One trailing line break is dropped; at most 64 KiB.
///
/// A command is run without a shell, for at most 10 s, and must end with 0. Errors never hold the secret.
/// Threads: any.
Result<std::string> resolve_secret(std::string_view reference_json);

}  // namespace elasticity
