#include "tests/simulation/reference_policies.hpp"

#include <catch2/catch.hpp>

using namespace elasticity;
using namespace elasticity::reference;
using namespace std::chrono_literals;

namespace {

const TimePoint start = from_unix_ms(1'800'000'000'000);

}  // namespace

TEST_CASE("reference: the HPA doubles at twice its target and halves at half of it, as its documentation says") {
    CHECK(hpa_by_ratio(3, 200, 100, 0.1) == 6);
    CHECK(hpa_by_ratio(4, 50, 100, 0.1) == 2);
    CHECK(hpa_by_ratio(3, 50, 100, 0.1) == 2);  // rounded up
    CHECK(hpa_by_ratio(3, 109, 100, 0.1) == 3);
    CHECK(hpa_by_ratio(3, 91, 100, 0.1) == 3);
    CHECK(hpa_by_ratio(10, 111, 100, 0.1) == 12);
}

TEST_CASE("reference: the HPA divides an external total by its target, unless that is near enough") {
    CHECK(hpa_by_average(1, 100, 20, 0.1) == 5);
    CHECK(hpa_by_average(5, 109, 20, 0.1) == 5);
    CHECK(hpa_by_average(5, 111, 20, 0.1) == 6);
}

TEST_CASE("reference: 10 % of 80 pods are 8, of 72 they are 8 again, as the HPA's documentation has it") {
    HpaSettings slow;
    slow.down_fraction = 0.1;
    CHECK(hpa_limited(80, 10, slow) == 72);
    CHECK(hpa_limited(72, 10, slow) == 64);
}

TEST_CASE("reference: the HPA adds four pods or doubles, and goes down at once") {
    const HpaSettings settings;
    CHECK(hpa_limited(1, 100, settings) == 5);
    CHECK(hpa_limited(10, 100, settings) == 20);
    CHECK(hpa_limited(20, 1, settings) == 1);
}

TEST_CASE("reference: the HPA goes down to the largest recommendation of five minutes") {
    const HpaSettings settings;
    Recommendations past;
    CHECK(hpa_stabilised(2, 8, past, settings, start) == 8);
    CHECK(hpa_stabilised(8, 3, past, settings, start + 60s) == 8);
    CHECK(hpa_stabilised(8, 2, past, settings, start + 301s) == 3);
    CHECK(hpa_stabilised(3, 1, past, settings, start + 302s) == 3);
}

TEST_CASE("reference: KEDA starts above its activation, and ends the last one after its cooldown") {
    KedaSettings settings;
    settings.activation = 5;
    KedaMemory memory;
    CHECK(keda_size(0, 5, settings, memory, start) == 0);
    CHECK(keda_size(0, 6, settings, memory, start + 10s) == 0);  // it polls every 30 s
    CHECK(keda_size(0, 6, settings, memory, start + 30s) == 1);
    CHECK(keda_size(1, 100, settings, memory, start + 31s) == 5);
    CHECK(keda_size(5, 0, settings, memory, start + 300s) == 5);
    CHECK(keda_size(1, 0, settings, memory, start + 330s) == 1);
    CHECK(keda_size(1, 0, settings, memory, start + 360s) == 0);
}

TEST_CASE("reference: target tracking makes 10 instances 15 in the example of its documentation") {
    TargetTrackingSettings settings;
    settings.accepted_latency_s = 10;
    settings.processing_time_s = 0.1;
    settings.max_instances = 100;
    CHECK(target_tracking_size(10, 1'500, settings) == 15);
    CHECK(target_tracking_size(0, 1'500, settings) == 1);  // undefined: the group's minimum
}

TEST_CASE("reference: the original starts an instance where a processor is free, 2 > 1.2 + 0.5") {
    const OriginalSettings settings;
    const auto kind = [&](std::uint64_t length, std::uint32_t consumers, std::vector<OriginalMachine> machines) {
        return original_scale_up(length, consumers, machines, settings).kind;
    };
    CHECK(kind(101, 1, {{2, 1.2, false}}) == OriginalStep::Kind::start_instance);
    CHECK(kind(101, 1, {{2, 1.5, false}}) == OriginalStep::Kind::start_machine);
    CHECK(kind(101, 1, {{2, 1.5, false}, {2, 0, true}}) == OriginalStep::Kind::resume_machine);
    CHECK(kind(100, 1, {{2, 0, false}}) == OriginalStep::Kind::none);
    // Without a consumer the running machines are not looked at.
    CHECK(kind(0, 0, {{2, 0, false}, {2, 0, true}}) == OriginalStep::Kind::resume_machine);
    CHECK(original_scale_up(101, 1, {{2, 1.9, false}, {2, 1.0, false}}, settings).machine == 1);
}

TEST_CASE("reference: the original suspends a machine that handled nothing for an hour, unless it was just started") {
    const OriginalSettings settings;
    CHECK(original_suspends(0, start, settings, start + 1h));
    CHECK_FALSE(original_suspends(1, start, settings, start + 1h));
    CHECK_FALSE(original_suspends(0, start, settings, start + 59min));
}
