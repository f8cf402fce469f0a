#pragma once
#include <string>
#include <vector>

#include "sdk/host/error.hpp"

namespace elasticity::check {

/// What a shared object says of itself, read without running it.
struct ElfFile {
    std::vector<std::string> exported;  ///< defined dynamic symbols
    std::vector<std::string> unique;    ///< those of them that are GNU_UNIQUE
    std::string search_path;            ///< RPATH or RUNPATH
    bool executable_stack = true;       ///< as for a file that does not say
    bool relocated_text = false;
    bool binds_now = false;
};

/// Of the machine's own kind: 64 bits, and its byte order.
sdk::HostResult<ElfFile> read_elf(const std::string& path);

}  // namespace elasticity::check
