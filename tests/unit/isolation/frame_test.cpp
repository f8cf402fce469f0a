#include "core/plugin_host/isolation/frame.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace elasticity;

namespace {

std::string told(const Result<std::optional<std::string>>& next) {
    if (!next) return "error: " + next.error().message;
    return *next ? "payload: " + **next : "incomplete";
}

std::string message_of(const Result<std::string>& frame) { return frame ? "" : frame.error().message; }

}  // namespace

TEST_CASE("frame: what was framed is cut out again, however few bytes come at once") {
    const std::string stream = *to_frame("one") + *to_frame(std::string("two\0more", 8));
    FrameReader reader;
    std::vector<std::string> payloads;
    for (const char byte : stream) {
        reader.feed({&byte, 1});
        const auto next = reader.next();
        REQUIRE(next.has_value());
        if (*next) payloads.push_back(**next);
    }
    CHECK(payloads == std::vector<std::string>{"one", std::string("two\0more", 8)});
    CHECK(told(reader.next()) == "incomplete");
}

TEST_CASE("frame: several that come at once are cut one after the other") {
    FrameReader reader;
    reader.feed(*to_frame("a") + *to_frame("b"));
    CHECK(told(reader.next()) == "payload: a");
    CHECK(told(reader.next()) == "payload: b");
    CHECK(told(reader.next()) == "incomplete");
}

TEST_CASE("frame: one of 1 MiB passes, one byte more is refused, and so is an empty one") {
    FrameReader reader;
    reader.feed(*to_frame(std::string(frame_bytes_max, 'x')));
    const auto next = reader.next();
    REQUIRE(next.has_value());
    CHECK((*next)->size() == frame_bytes_max);
    CHECK(message_of(to_frame(std::string(frame_bytes_max + 1, 'x'))) ==
          "a frame of 1048577 bytes, 1 to 1048576 wanted");
    CHECK(message_of(to_frame("")) == "a frame of 0 bytes, 1 to 1048576 wanted");
}

TEST_CASE("frame: a length that is too long ends the stream before anything of it is kept") {
    FrameReader reader;
    reader.feed(std::string("\x00\x10\x00\x01", 4));
    CHECK(told(reader.next()) == "error: a frame of 1048577 bytes, 1 to 1048576 wanted");
}

TEST_CASE("frame: garbage is an error, and stays one") {
    FrameReader reader;
    reader.feed("HTTP/1.1 200 OK\r\n");
    CHECK(told(reader.next()) == "error: a frame of 1213486160 bytes, 1 to 1048576 wanted");
    reader.feed(*to_frame("good"));
    CHECK(told(reader.next()) == "error: a frame of 1213486160 bytes, 1 to 1048576 wanted");
    FrameReader zeros;
    zeros.feed(std::string(4, '\0'));
    CHECK(told(zeros.next()) == "error: a frame of 0 bytes, 1 to 1048576 wanted");
}
