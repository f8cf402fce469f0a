#pragma once
#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace elasticity::test {

/// Processes that this one started and that have not been reaped.
inline std::vector<pid_t> children() {
    std::vector<pid_t> found;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(thread.path() / "children");
        for (pid_t pid = 0; file >> pid;) found.push_back(pid);
    }
    return found;
}

}  // namespace elasticity::test
