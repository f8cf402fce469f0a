#include "plugins/docker/pull_progress.hpp"

#include "tests/fuzz/fuzz.hpp"

using elasticity::docker::PullProgress;
using elasticity::fuzz::require;

void fuzz_one(std::string_view input) {
    PullProgress whole, bytes;
    whole.feed(input);
    whole.finish();
    for (const char& byte : input) bytes.feed({&byte, 1});
    bytes.finish();
    require(whole.error() == bytes.error(), "how the stream is cut does not matter to the error");
    require(whole.fraction() == bytes.fraction(), "how the stream is cut does not matter to the progress");
    require(whole.fraction() >= 0 && whole.fraction() <= 1, "progress lies between nothing and all");
}
