// The engine's refusals as errors that say what the core can do about them.
#pragma once
#include <elasticity/sdk/types.hpp>
#include <string>
#include <string_view>

#include "plugins/docker/docker_api.hpp"

namespace elasticity::docker {

/// `what` is what was tried: "cannot start ocr-1f".
sdk::Error request_failure(const std::string& what, const Reply& reply);

/// A pull's refusal, from an answer with an error status or from the midst of its progress. The engine wraps
/// most of what a registry says in status 500, so that its words have to be read.
sdk::Error pull_failure(const std::string& image, std::string_view message);

}  // namespace elasticity::docker
