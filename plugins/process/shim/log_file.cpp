#include "plugins/process/shim/log_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace elasticity::process {

LogFile::LogFile(std::string path, std::uint64_t bytes_max, unsigned files_max)
    : path_(std::move(path)), bytes_max_(bytes_max), files_max_(files_max) {
    open_newest();
}

void LogFile::open_newest() {
    file_ = Descriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    struct stat status {};
    bytes_ = file_ && fstat(file_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

void LogFile::rotate() {
    for (unsigned age = files_max_ - 1; age > 0; --age) {
        const std::string newer = age == 1 ? path_ : path_ + "." + std::to_string(age - 1);
        rename(newer.c_str(), (path_ + "." + std::to_string(age)).c_str());  // Absent ones are fine.
    }
    if (files_max_ == 1) unlink(path_.c_str());
    open_newest();
}

bool LogFile::append(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file_.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            lost_bytes_ += text.size();
            return false;
        }
        bytes_ += static_cast<std::uint64_t>(written);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void LogFile::write(std::string_view text) {
    if (bytes_ > 0 && bytes_ + text.size() > bytes_max_) rotate();
    if (!file_) open_newest();
    if (!append(text) || lost_bytes_ == 0) return;
    const std::uint64_t lost = std::exchange(lost_bytes_, 0);
    append("\n[elasticity: " + std::to_string(lost) + " bytes of output before this could not be written]\n");
}

}  // namespace elasticity::process
