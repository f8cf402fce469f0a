#pragma once
#include <fcntl.h>

#include <cerrno>
#include <functional>
#include <string>

#include "plugins/process/common/descriptor.hpp"
#include "plugins/process/common/protocol.hpp"

namespace elasticity::process {

/// Held by one shim per key and run folder, from the look at the record until the worker is recorded. A byte
/// of one file stands for each key, so that no lock file has ever to be removed; it is freed when the shim
/// dies.
class KeyLock {
public:
    KeyLock(const std::string& run_dir, const std::string& key)
        : file_(open((run_dir + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (!file_) throw StepFailed("open the lock file in " + run_dir, errno);
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start =
            static_cast<off_t>(std::hash<std::string>()(key) >> 2);  // Positive, with room for l_len.
        lock.l_len = 1;
        while (fcntl(file_.get(), F_OFD_SETLKW, &lock) != 0)
            if (errno != EINTR) throw StepFailed("lock the key", errno);
    }

    /// Also a child that holds a copy of the descriptor lets go.
    void unlock() {
        struct flock lock {};
        lock.l_type = F_UNLCK;
        lock.l_whence = SEEK_SET;
        fcntl(file_.get(), F_OFD_SETLK, &lock);
        file_.reset();
    }

private:
    Descriptor file_;
};

}  // namespace elasticity::process
