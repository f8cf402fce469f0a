#include "core/scaling/drain_time.hpp"

#include <catch2/catch.hpp>

#include "core/scaling/learn_rates.hpp"
#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

constexpr Millis five_minutes{300'000};

/// Readings of a queue, `step` apart, whose counters say what was done.
class Queue {
public:
    bool pass(Millis step, std::uint64_t ready, std::uint32_t consumers, std::uint64_t finished, std::uint64_t published = 0) {
        now += step;
        finished_ += finished;
        published_ += published;
        Reading reading = waiting(ready);
        reading.consumers = consumers;
        reading.counters = WorkCounters{finished_, published_, now};
        return learn_rates(rates, reading, five_minutes);
    }

    LearntRates rates;
    TimePoint now = noon;

private:
    std::uint64_t finished_ = 1'000;
    std::uint64_t published_ = 5'000;
};

std::uint64_t instances(double messages, double arrivals, double rate, std::uint32_t consumers = 0, double boot_s = 0,
                        std::uint32_t supply = 0) {
    return instances_to_drain({messages, arrivals, rate, consumers, supply, boot_s, 300});
}

Tool in_time(std::uint32_t maximum = 100) {
    Tool tool = ocr(0, maximum);
    tool.scaling.mode = ScalingMode::drain_time;
    tool.scaling.dead_band = 0;
    return tool;
}

ScalingMemory with_rate(double finished_per_s) {
    ScalingMemory memory;
    memory.rates.finished_per_s = finished_per_s;
    return memory;
}

}  // namespace

TEST_CASE("drain time: as many as clear the backlog in the wanted time, and what arrives meanwhile") {
    CHECK(instances(0, 0, 1) == 0);
    CHECK(instances(300, 0, 1) == 1);
    CHECK(instances(301, 0, 1) == 2);
    CHECK(instances(300, 2, 1) == 3);
    CHECK(instances(1500, 0, 10) == 1);
    CHECK(instances(1e18, 1e18, 1e-9) == 1'000'000'000);
}

TEST_CASE("drain time: the time to boot is taken from it, but for a quarter that is always left") {
    CHECK(instances(300, 0, 1, 0, 100) == 2);
    CHECK(instances(300, 0, 1, 0, 299) == 4);
    CHECK(instances(300, 0, 1, 0, 3'000) == 4);
    // While new ones boot, those who are there go on.
    CHECK(instances(300, 0, 1, 3, 100) == 0);
    CHECK(instances(600, 0, 1, 1, 100) == 3);
    CHECK(instances(300, 2, 1, 1, 100) == 4);
}

TEST_CASE("drain time: those who are there are kept while they are needed without any boot") {
    CHECK(instances(600, 0, 1, 6, 100, 6) == 2);
    CHECK(instances(600, 0, 1, 6, 100, 1) == 1);
}

TEST_CASE("rates: a worker's rate is learnt while messages wait, and for each of them") {
    Queue queue;
    CHECK_FALSE(queue.pass(5 * second, 100, 4, 0));
    CHECK_FALSE(queue.pass(5 * second, 90, 4, 10));
    CHECK_FALSE(queue.pass(5 * second, 80, 4, 10));
    CHECK(queue.pass(5 * second, 70, 4, 10));
    CHECK(queue.rates.finished_per_s == Approx(0.5));
}

TEST_CASE("rates: the rate of a queue that is nearly empty is that of its arrivals, and is not learnt") {
    Queue queue;
    for (int i = 0; i < 100; ++i) CHECK_FALSE(queue.pass(5 * second, i % 2 == 0 ? 0 : 1, 4, 1, 1));
    CHECK_FALSE(queue.rates.finished_per_s);
}

TEST_CASE("rates: workers that come meanwhile count from then on") {
    Queue queue;
    queue.pass(5 * second, 100, 1, 0);
    queue.pass(10 * second, 100, 3, 10);
    CHECK(queue.pass(10 * second, 100, 3, 30));
    CHECK(queue.rates.finished_per_s == Approx(1));
}

TEST_CASE("rates: long jobs take as long to be known as five of them take") {
    Queue queue;
    queue.pass(5 * second, 50, 2, 0);
    for (int hour = 0; hour < 2; ++hour) CHECK_FALSE(queue.pass(60 * minute, 50, 2, 2));
    CHECK(queue.pass(60 * minute, 50, 2, 2));
    CHECK(queue.rates.finished_per_s == Approx(1 / 3600.0));
}

TEST_CASE("rates: a new rate takes the place of the old one by halves") {
    Queue queue;
    queue.rates.finished_per_s = 1;
    queue.pass(5 * second, 100, 1, 0);
    CHECK(queue.pass(20 * second, 100, 1, 60));
    CHECK(queue.rates.finished_per_s == Approx(2));
}

TEST_CASE("rates: counters that begin anew or are missing are no work that was done") {
    for (const bool missing : {false, true}) {
        Queue queue;
        queue.pass(5 * second, 100, 1, 0);
        if (missing)
            CHECK_FALSE(learn_rates(queue.rates, waiting(100), five_minutes));
        else
            CHECK_FALSE(queue.pass(20 * second, 100, 1, static_cast<std::uint64_t>(-900)));
        queue.pass(20 * second, 100, 1, 500);
        if (missing) CHECK_FALSE(queue.rates.finished_per_s);
    }
}

TEST_CASE("rates: a burst is no stream, and what has ended does not arrive") {
    Queue queue;
    CHECK(arrivals_per_s(queue.rates, five_minutes, queue.now) == 0);
    queue.pass(5 * second, 0, 1, 0);
    queue.pass(5 * second, 150, 1, 0, 150);
    CHECK(arrivals_per_s(queue.rates, five_minutes, queue.now) == Approx(1));
    CHECK(arrivals_end(queue.rates, five_minutes) == queue.now + five_minutes);
    CHECK(arrivals_per_s(queue.rates, five_minutes, queue.now + five_minutes) == 0);
    for (int i = 0; i < 120; ++i) queue.pass(5 * second, 0, 1, 20, 20);
    CHECK(arrivals_per_s(queue.rates, five_minutes, queue.now) == Approx(4));
}

TEST_CASE("rates: nine of ten workers boot within the time that is counted in") {
    BootTimes times;
    CHECK_FALSE(times.p90());
    times.add(7 * second);
    CHECK(times.p90() == 7 * second);
    for (int i = 1; i <= 20; ++i) times.add(i * second);
    CHECK(times.p90() == 18 * second);
    CHECK(times.last().size() == 20);
}

TEST_CASE("size: mode drain_time counts messages per worker until the rate of one is known") {
    CHECK(to_text(decide_size(in_time(), waiting(100), 0, {}, noon)) ==
          "5: 100 messages waiting, 0 in work, 20 per instance until the rate of a worker is known");
    CHECK(to_text(decide_size(in_time(), waiting(101), 1, with_rate(1), noon)) ==
          "1: 101 messages waiting, 0 in work, 1/s per instance, to be done in 5 min");
    CHECK(to_text(decide_size(in_time(), waiting(50), 1, with_rate(1 / 3600.0), noon)) ==
          "100: 50 messages waiting, 0 in work, 0.000278/s per instance, to be done in 5 min; max_instances is 100");
    ScalingMemory memory = with_rate(1);
    memory.boot_times.add(100 * second);
    CHECK(to_text(decide_size(in_time(), waiting(300), 0, memory, noon)) ==
          "2: 300 messages waiting, 0 in work, 1/s per instance, to be done in 5 min, 1 min 40 s to boot");
}

TEST_CASE("size: mode drain_time keeps activation, minimum and idle time") {
    Tool tool = in_time();
    tool.scaling.activation = 5;
    CHECK(decide_size(tool, waiting(5), 0, with_rate(1), noon).target == 0);
    CHECK(decide_size(tool, waiting(0), 1, with_rate(1), noon).target == 1);
    tool.min_instances = 2;
    CHECK(decide_size(tool, waiting(0), 0, with_rate(1), noon).target == 2);
}

TEST_CASE("size: a stream that may have ended is looked at again although nothing changes") {
    ScalingMemory memory = with_rate(1);
    Queue queue;
    queue.pass(5 * second, 0, 1, 0);
    queue.pass(150 * second, 0, 1, 300, 300);
    queue.rates.finished_per_s = 1;
    memory.rates = queue.rates;
    const SizeDecision streaming = decide_size(in_time(), waiting(0), 2, memory, queue.now);
    CHECK(streaming.target == 2);
    REQUIRE(streaming.held_until);
    CHECK(*streaming.held_until <= queue.now + rate_window);
    const TimePoint later = queue.now + five_minutes;
    CHECK(decide_size(in_time(), waiting(0), 2, streaming.memory, later).wanted <= 1);
}
