// Base 64 with the alphabet for URLs (RFC 4648, section 5), padded, as the Engine API wants it in headers.
#pragma once
#include <string>
#include <string_view>

namespace elasticity::docker {

std::string base64url(std::string_view bytes);

}  // namespace elasticity::docker
