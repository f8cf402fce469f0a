#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/process/common/descriptor.hpp"

namespace elasticity::process {

/// A worker's output: PATH is the newest, PATH.1 the one before, and so on. Never throws and never blocks the
/// worker: what cannot be written (a full disk) is lost, and the log says how much once it can be written
/// again.
class LogFile {
public:
    LogFile(std::string path, std::uint64_t bytes_max, unsigned files_max);

    void write(std::string_view text);

private:
    void open_newest();
    void rotate();
    bool append(std::string_view text);

    std::string path_;
    std::uint64_t bytes_max_;
    unsigned files_max_;
    Descriptor file_;
    std::uint64_t bytes_ = 0;
    std::uint64_t lost_bytes_ = 0;
};

}  // namespace elasticity::process
