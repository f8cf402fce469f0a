#include "plugins/docker/pull_progress.hpp"

#include <catch2/catch.hpp>

using elasticity::docker::PullProgress;

namespace {

const std::string stream =
    "{\"status\":\"Pulling from ncsa/ocr\",\"id\":\"1.4\"}\r\n"
    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":25,\"total\":100},\"id\":\"aa\"}\n"
    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":75,\"total\":100},\"id\":\"bb\"}\n"
    "{\"status\":\"Extracting\",\"progressDetail\":{\"current\":1,\"total\":900},\"id\":\"bb\"}\n";

}  // namespace

TEST_CASE("pull: the stream means the same, however it is cut in pieces") {
    const std::size_t piece_length = GENERATE(1, 2, 7, 64, 4096);
    PullProgress progress;
    for (std::size_t i = 0; i < stream.size(); i += piece_length)
        progress.feed(stream.substr(i, piece_length));
    progress.finish();
    CHECK(progress.fraction() == Approx(0.5));
    CHECK(progress.error().empty());
}

TEST_CASE("pull: an error in the stream is found, also in a last line without an end; the first one counts") {
    PullProgress progress;
    progress.feed("{\"status\":\"Downloading\"}\n{\"error\":\"manifest unknown\",\"errorDetail\":{}}\n");
    progress.feed("{\"error\":\"second\"}");
    progress.finish();
    CHECK(progress.error() == "manifest unknown");

    PullProgress unended;
    unended.feed("{\"error\":\"unended\"}");
    CHECK(unended.error().empty());
    unended.finish();
    CHECK(unended.error() == "unended");
}

TEST_CASE("pull: lines that make no sense change nothing") {
    PullProgress progress;
    progress.feed(
        "\n\nnonsense\n[1]\n{\"error\":7}\n{\"status\":\"Downloading\",\"id\":1}\n"
        "{\"status\":\"Downloading\",\"id\":\"a\",\"progressDetail\":{\"current\":-5,\"total\":\"x\"}}\n");
    progress.finish();
    CHECK(progress.error().empty());
    CHECK(progress.fraction() == 0);
}

TEST_CASE("pull: a line without end is given up, and memory with it") {
    PullProgress progress;
    for (int i = 0; i < 64; ++i) progress.feed(std::string(64 << 10, 'x'));
    CHECK(progress.error() == "the engine's progress has a line longer than 1048576 bytes");
}

TEST_CASE("pull: the fraction never exceeds 1") {
    PullProgress progress;
    progress.feed(
        "{\"status\":\"Downloading\",\"id\":\"a\",\"progressDetail\":{\"current\":9,\"total\":3}}\n");
    CHECK(progress.fraction() == 1);
}
