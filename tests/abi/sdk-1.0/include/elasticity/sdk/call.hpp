#pragma once
#include <elasticity/sdk/types.hpp>

#include <time.h>

#include <chrono>
#include <cstdint>
#include <string_view>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {

/// One call of the core: its deadline, and whether it still wants the answer. Lives until the call returns.
class Call {
public:
    explicit Call(const els_call* call) noexcept : call_(call) {}

    /// The same over every attempt of one operation. Fit for logs and for a provider's request id.
    std::string_view request_id() const noexcept { return text_of(call_->request_id); }

    unsigned attempt() const noexcept { return call_->attempt; }

    /// An eventfd for the plugin's own poll: readable once cancelled. Never read it. -1: none.
    int cancel_fd() const noexcept { return call_->cancel_fd; }

    bool cancelled() const noexcept {
        return ELS_HAS_FN(call_, els_call, cancelled) && call_->cancelled(call_) != 0;
    }

    /// Time left until the deadline, never negative; an hour where there is none.
    std::chrono::milliseconds remaining() const noexcept {
        using namespace std::chrono;
        if (call_->deadline_mono_ns == 0) return hours(1);
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        const auto left = nanoseconds(static_cast<std::int64_t>(call_->deadline_mono_ns)) -
                          (seconds(now.tv_sec) + nanoseconds(now.tv_nsec));
        return left.count() <= 0 ? milliseconds(0) : ceil<milliseconds>(left);
    }

    /// To be called between the requests of a longer call. `flags` are those of the error that it throws:
    /// ELS_ERR_MAYBE_DONE once something may have been changed.
    void check(std::uint32_t flags = 0) const {
        if (cancelled()) throw Error(ELS_CANCELLED, "cancelled by the core", flags);
        if (remaining().count() == 0)
            throw Error(ELS_DEADLINE_EXCEEDED, "the deadline passed", flags | ELS_ERR_RETRY_SAME);
    }

    void progress(double fraction, std::string_view text) const noexcept {
        if (ELS_HAS_FN(call_, els_call, progress)) call_->progress(call_, fraction, view_of(text));
    }

private:
    const els_call* call_;
};

}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
