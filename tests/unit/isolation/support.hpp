#pragma once
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/plugin_host/isolation/child_backend.hpp"
#include "tests/support/children.hpp"

namespace elasticity::test {

/// What a backend logged; any thread.
class Lines {
public:
    void add(const std::string& line);
    std::vector<std::string> all() const;
    std::size_t count(const std::string& part) const;
    /// Fails the test after a minute.
    void await(const std::string& part, std::size_t times = 1) const;

private:
    std::size_t count_locked(const std::string& part) const;

    mutable std::mutex mutex_;
    mutable std::condition_variable added_;
    std::vector<std::string> lines_;
};

std::string fixture(const std::string& name);

/// A backend of the fixture `faulty` in a child of this program, with a short grace.
struct World {
    explicit World(const std::string& mode, const std::string& library = fixture("faulty"));

    /// Fails the test where it cannot.
    std::shared_ptr<ChildBackend> open();

    std::shared_ptr<Lines> lines = std::make_shared<Lines>();
    ChildBackendOptions options;
};

std::unique_ptr<sdk::HostCall> new_call(std::chrono::milliseconds timeout = std::chrono::seconds(60));
sdk::HostSpec spec_of(const std::string& key);

/// "OK", or "CODE: message", with MAYBE_DONE where that is said.
template <class T>
std::string told(const sdk::HostResult<T>& result) {
    if (result) return "OK";
    const std::string flags = result.error().maybe_done() ? " MAYBE_DONE" : "";
    return sdk::code_name(result.error().code) + flags + ": " + result.error().message;
}

}  // namespace elasticity::test
