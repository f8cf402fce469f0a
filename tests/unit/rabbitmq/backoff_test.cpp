#include "core/io/rabbitmq/backoff.hpp"

#include <catch2/catch.hpp>

using elasticity::rabbitmq::Backoff;
using std::chrono::milliseconds;

TEST_CASE("back-off: the wait doubles up to the cap") {
    Backoff backoff({milliseconds(100), milliseconds(500), milliseconds(1'000)});
    std::vector<int64_t> waits_ms;
    for (int i = 0; i < 5; ++i) waits_ms.push_back(backoff.next(1.0).count());
    CHECK(waits_ms == std::vector<int64_t>{100, 200, 400, 500, 500});
}

TEST_CASE("back-off: jitter takes away at most half, and never adds") {
    const elasticity::rabbitmq::BackoffSettings settings{milliseconds(100), milliseconds(500),
                                                         milliseconds(1'000)};
    CHECK(Backoff(settings).next(0.0).count() == 50);
    CHECK(Backoff(settings).next(0.5).count() == 75);
    CHECK(Backoff(settings).next(7.0).count() == 100);
}

TEST_CASE("back-off: only what held for long enough starts again from the beginning") {
    Backoff backoff({milliseconds(100), milliseconds(5'000), milliseconds(1'000)});
    backoff.next(1.0);
    backoff.next(1.0);
    backoff.held_for(milliseconds(999));
    CHECK(backoff.next(1.0).count() == 400);
    backoff.held_for(milliseconds(1'000));
    CHECK(backoff.next(1.0).count() == 100);
}

TEST_CASE("back-off: a first wait over the cap is the cap") {
    CHECK(Backoff({milliseconds(900), milliseconds(500), milliseconds(1)}).next(1.0).count() == 500);
}
