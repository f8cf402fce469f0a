#include <catch2/catch.hpp>
#include <cstdio>

#include "tests/integration/process/world.hpp"

using namespace elasticity::process::test;
namespace sdk = elasticity::sdk;

namespace {

double seconds_of(const std::function<void()>& work) {
    const auto begun = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

// Hidden, since it takes minutes under sanitizers: run it by its tag in a release build.
TEST_CASE("scale: two thousand workers are created, listed and destroyed", "[.scale]") {
    constexpr int count = 2000;
    World world;
    std::printf("create  %.3f s\n", seconds_of([&] {
                    for (int i = 0; i < count; ++i)
                        world.create(spec_of("k-" + std::to_string(i), {"sleep", "600"}));
                }));
    for (int round = 0; round < 3; ++round)
        std::printf("list    %.3f s\n", seconds_of([&] { CHECK(world.instances().size() == count); }));
    std::printf("inspect %.6f s\n", seconds_of([&] {
                    CHECK(world.backend().inspect(*new_call(), {"k-7", {}}).has_value());
                }));
    std::printf("destroy %.3f s\n", seconds_of([&] {
                    for (int i = 0; i < count; ++i) world.destroy("k-" + std::to_string(i));
                }));
    CHECK(world.instances().empty());
}
