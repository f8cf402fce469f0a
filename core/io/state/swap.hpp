#pragma once
#include <chrono>
#include <filesystem>

#include "core/model/error.hpp"

namespace elasticity {

/// Puts `aside` in the place of `path`, in one step: a reader sees the old file or the new one.
/// True: `aside` now names what was displaced. False: there was none, and `aside` is gone.
Result<bool> swap_into_place(const std::filesystem::path& aside, const std::filesystem::path& path);

/// Waits until no program has `path` open for writing, so that its text is whole; at most `patience`.
/// Of a file that is not ours the kernel does not tell: then this returns at once.
Result<> await_writers(const std::filesystem::path& path, std::chrono::milliseconds patience);

}  // namespace elasticity
