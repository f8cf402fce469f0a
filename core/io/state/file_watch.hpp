#pragma once
#include <filesystem>
#include <string>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// Notices that a file was saved, replaced or removed, in whatever way an editor does it.
///
/// Own commits wake it too: compare the fingerprint of what you read with that of your last commit.
/// Threads: one at a time.
class FileWatch {
public:
    /// Watches `path`, which need not exist; its directory must.
    static Result<FileWatch> open(const std::filesystem::path& path);

    /// Readable (poll, epoll, Asio) when `drain` has something to say.
    int descriptor() const { return inotify_.get(); }

    /// Takes the events that are waiting, without blocking; true when one concerns the file.
    /// Errors: the directory itself is gone, so that nothing will be noticed any more.
    Result<bool> drain();

private:
    FileWatch(FileDescriptor inotify, std::filesystem::path path);

    FileDescriptor inotify_;
    std::filesystem::path path_;
    std::string name_;
};

}  // namespace elasticity
