#include "sdk/host/call.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace elasticity::sdk {

HostCall::HostCall(std::string request_id, unsigned attempt, Clock::time_point deadline)
    : request_id_(std::move(request_id)), deadline_(deadline) {
    call_.size = sizeof call_;
    call_.attempt = attempt;
    call_.deadline_mono_ns = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count());
    call_.request_id = {request_id_.data(), request_id_.size()};
    // Without a descriptor (-1 when the process has none left) cancelled() still tells.
    call_.cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    call_.ctx = this;
    call_.cancelled = [](const els_call* call) noexcept -> std::int32_t {
        return static_cast<const HostCall*>(call->ctx)->cancelled() ? 1 : 0;
    };
}

HostCall::~HostCall() {
    if (call_.cancel_fd >= 0) close(call_.cancel_fd);
}

void HostCall::cancel() noexcept {
    if (cancelled_.exchange(true) || call_.cancel_fd < 0) return;
    eventfd_write(call_.cancel_fd, 1);  // Cannot fail: the counter is 0.
}

}  // namespace elasticity::sdk
