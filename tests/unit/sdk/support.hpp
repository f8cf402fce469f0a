#pragma once
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/host/backend.hpp"

namespace elasticity::sdk::test {

/// A library of tests/unit/sdk/fixtures, without the suffix.
std::string fixture(const std::string& name);

/// Opens the first plugin of a file. Fails the test where that fails.
std::shared_ptr<Backend> open_backend(const std::string& file, const std::string& config,
                                      HostOptions options = {});
std::shared_ptr<Backend> open_noop(const std::string& config = "{}");

/// A call with time enough.
std::unique_ptr<HostCall> new_call();

HostSpec spec_of(const std::string& key, std::uint64_t hash = 1);

/// "OK", or the code's name.
template <class T>
std::string code_of(const HostResult<T>& result) {
    return result.has_value() ? "OK" : code_name(result.error().code);
}

/// A gate that a call waits at until the test opens it.
class Gate {
public:
    void open() { opened_.set_value(); }
    void wait() const { future_.wait(); }
    /// For a call that may outlive the gate.
    std::shared_future<void> opened() const { return future_; }

private:
    std::promise<void> opened_;
    std::shared_future<void> future_ = opened_.get_future().share();
};

}  // namespace elasticity::sdk::test
