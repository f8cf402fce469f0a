#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "core/runtime/control_loop.hpp"
#include "core/runtime/ports.hpp"

namespace elasticity::simulation {

/// A clock, and everything that will happen, in order. Time jumps from one event to the next.
class Timeline final : public Clock {
public:
    TimePoint now() const override { return now_; }

    void after(Millis delay, std::function<void()> what) { events_.emplace(now_ + delay, std::move(what)); }

    std::optional<TimePoint> next_event() const {
        return events_.empty() ? std::nullopt : std::optional(events_.begin()->first);
    }

    /// Lets everything happen that is due by then, also what these events add.
    void advance_to(TimePoint time) {
        while (!events_.empty() && events_.begin()->first <= time) {
            auto event = events_.extract(events_.begin());
            now_ = event.key();
            event.mapped()();
        }
        now_ = time;
    }

private:
    TimePoint now_ = from_unix_ms(1'800'000'000'000);
    std::multimap<TimePoint, std::function<void()>> events_;
};

/// The daemon as its surroundings know it: it may be killed at any moment, and answers to a former life of it
/// reach nobody.
struct Daemon {
    std::unique_ptr<ControlLoop> loop;
    std::uint64_t life = 0;

    bool lives(std::uint64_t since) const { return loop && life == since; }
};

}  // namespace elasticity::simulation
