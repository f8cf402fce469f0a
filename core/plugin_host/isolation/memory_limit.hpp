#pragma once
#include <cstdint>

namespace elasticity {

/// From here on this process may allocate `bytes` more (0: any number). Where C++ finds no room, the process ends: another one
/// begins with all of it. The hard limit stays, so that what this process starts can have its own.
///
/// Does nothing in a sanitized build, whose run-time library does not survive that.
void limit_memory(std::uint64_t bytes);

}  // namespace elasticity
