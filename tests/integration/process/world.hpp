#pragma once
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugins/process/common/record.hpp"
#include "sdk/host/backend.hpp"
#include "tests/unit/process/temporary_folder.hpp"

namespace elasticity::process::test {

using namespace std::chrono_literals;

/// A backend of process.so in folders of its own. Its workers end with it.
class World {
public:
    explicit World(const std::string& more_config = "", const std::string& shim = PROCESS_SHIM);
    ~World();

    /// The backend as a daemon that was just started would open it.
    std::shared_ptr<sdk::Backend> open() const;
    sdk::Backend& backend() { return *backend_; }

    sdk::HostInstance create(const sdk::HostSpec& spec);
    void destroy(const std::string& key, std::chrono::milliseconds grace = 0ms);
    /// One line a worker, "KEY STATE EXIT_CODE", sorted.
    std::string list();
    std::vector<sdk::HostInstance> instances();

    /// What a worker wrote, over all of its log files, oldest first.
    std::string log_of(const std::string& key) const;
    Record record_of(const std::string& key) const;
    /// Processes of the machine with this worker's environment: the worker and what it started.
    std::vector<pid_t> processes_of(const std::string& key) const;
    std::string run_dir() const { return folder_.path() + "/run"; }
    std::string log_dir() const { return folder_.path() + "/log"; }
    const std::string& folder() const { return folder_.path(); }

private:
    TemporaryFolder folder_;
    std::string config_, owner_;
    std::shared_ptr<sdk::Backend> backend_;
};

std::unique_ptr<sdk::HostCall> new_call(std::chrono::milliseconds time = 30s);

sdk::HostSpec spec_of(const std::string& key, const std::vector<std::string>& command,
                      std::uint64_t hash = 1);

/// A worker that runs a line of shell.
sdk::HostSpec shell(const std::string& key, const std::string& line, std::uint64_t hash = 1);

/// Waits for what has no event: at most 20 s, then the test fails.
void eventually(const std::string& what, const std::function<bool()>& holds);

pid_t pid_of(const sdk::HostInstance& worker);

/// Runs `body` in a child process; the test is to end it.
pid_t in_child(const std::function<void()>& body);

}  // namespace elasticity::process::test
