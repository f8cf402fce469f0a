// A call as the core would make it, for tests.
#pragma once
#include <chrono>
#include <elasticity/sdk/plugin.hpp>

#include "sdk/host/call.hpp"

namespace elasticity::test {

inline sdk::HostCall call_within(std::chrono::milliseconds time) {
    return sdk::HostCall("test", 1, sdk::HostCall::Clock::now() + time);
}

/// The error that `work` throws. Fails the test if it throws none.
template <class Work>
sdk::Error error_of(Work work) {
    try {
        work();
    } catch (const sdk::Error& error) {
        return error;
    }
    return sdk::Error(ELS_OK, "no error was thrown");
}

}  // namespace elasticity::test
