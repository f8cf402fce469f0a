#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"

namespace elasticity {

struct FolderChange {
    std::string name;
    bool is_renamed = false;  ///< it was put there whole; else somebody wrote into it, and has closed it
};

/// Notices files that are put into a folder, or written there. Threads: one at a time.
class FolderWatch {
public:
    static Result<FolderWatch> open(const std::filesystem::path& folder);

    /// Readable when `drain` has something to say.
    int descriptor() const { return inotify_.get(); }

    /// What is waiting, without blocking. Errors: events were lost, or the folder is gone, so that nothing will be
    /// noticed any more: see `is_gone`.
    Result<std::vector<FolderChange>> drain();
    bool is_gone() const { return is_gone_; }

private:
    FolderWatch(FileDescriptor inotify, std::filesystem::path folder)
        : inotify_(std::move(inotify)), folder_(std::move(folder)) {}

    FileDescriptor inotify_;
    std::filesystem::path folder_;
    bool is_gone_ = false;
};

}  // namespace elasticity
