#pragma once
#include <filesystem>

namespace elasticity::cli {

/// The folder that holds our bin/, in an installation and in a build tree alike.
inline std::filesystem::path own_prefix() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
}

/// The program `elasticity` of this installation: ourselves, or what stands beside a test program.
inline std::filesystem::path own_program() { return own_prefix() / "bin/elasticity"; }

}  // namespace elasticity::cli
