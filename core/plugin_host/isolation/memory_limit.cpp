#include "core/plugin_host/isolation/memory_limit.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string_view>

namespace elasticity {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

/// What counts towards RLIMIT_DATA already.
std::uint64_t data_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t size = 0, resident = 0, shared = 0, text = 0, library = 0, data_pages = 0;
    statm >> size >> resident >> shared >> text >> library >> data_pages;
    return data_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void end_out_of_memory() {
    constexpr std::string_view why = "out of memory, see plugin_memory_bytes\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, why.data(), why.size());
    std::abort();
}

}  // namespace

void limit_memory(std::uint64_t bytes) {
    rlimit limit{};
    if (is_sanitized || bytes == 0 || getrlimit(RLIMIT_DATA, &limit) != 0) return;
    limit.rlim_cur = std::min<rlim_t>(data_bytes() + bytes, limit.rlim_max);
    setrlimit(RLIMIT_DATA, &limit);  // Always allowed below the hard one.
    std::set_new_handler(end_out_of_memory);
}

}  // namespace elasticity
