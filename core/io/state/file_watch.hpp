#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// Notices that a file was saved, replaced or removed, in whatever way an editor does it.
///
/// Own commits wake it too: compare the fingerprint of what you read with that of your last commit.
/// Threads: one at a time.
class FileWatch {
public:
    /// Watches `path`, which need not exist; its directory must. The files beside it whose names end with
    /// `beside_suffix` concern it too.
    static Result<FileWatch> open(const std::filesystem::path& path, std::string_view beside_suffix = {});

    /// Readable (poll, epoll, Asio) when `drain` has something to say.
    int descriptor() const { return inotify_.get(); }

    /// Takes the events that are waiting, without blocking; true when one concerns the file.
    /// Errors: the directory itself is gone, so that nothing will be noticed any more.
    Result<bool> drain();

private:
    FileWatch(FileDescriptor inotify, std::filesystem::path path, std::string_view beside_suffix);
    bool concerns(std::string_view name) const;

    FileDescriptor inotify_;
    std::filesystem::path path_;
    std::string name_;
    std::string beside_suffix_;
};

}  // namespace elasticity
