#include <catch2/catch.hpp>
#include <elasticity/sdk/detail/guard.hpp>
#include <string>

#include "sdk/host/utf8.hpp"

using elasticity::sdk::text_in;
using elasticity::sdk::valid_utf8;

TEST_CASE("utf8: valid text is left alone") {
    const std::string text = "a \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80";
    CHECK(valid_utf8(text) == text);
    CHECK(valid_utf8("") == "");
}

TEST_CASE("utf8: each invalid byte becomes U+FFFD") {
    const std::string bad = "\xEF\xBF\xBD";
    CHECK(valid_utf8("\xFF") == bad);
    CHECK(valid_utf8("a\xC3(") == "a" + bad + "(");
    CHECK(valid_utf8("\xE2\x82") == bad + bad);          // cut off
    CHECK(valid_utf8("\xC0\xAF") == bad + bad);          // overlong
    CHECK(valid_utf8("\xE0\x80\xAF") == bad + bad + bad);
    CHECK(valid_utf8("\xED\xA0\x80") == bad + bad + bad);  // surrogate
    CHECK(valid_utf8("\xF4\x90\x80\x80") == bad + bad + bad + bad);  // beyond U+10FFFF
}

TEST_CASE("utf8: a plugin's array without a terminator is read to its end and no further") {
    const char full[4] = {'f', 'u', 'l', 'l'};
    CHECK(text_in(full) == "full");
}

TEST_CASE("error text: a long one is cut at a whole character") {
    char to[5];
    elasticity::sdk::detail::copy_text(to, sizeof to, "abc\xC3\xA4");
    CHECK(std::string(to) == "abc");
}

TEST_CASE("error text: an error shorter than ours is written only within its size") {
    els_error error{};
    error.size = offsetof(els_error, field);
    error.field[0] = error.message[0] = 'x';
    const elasticity::sdk::Error thrown(ELS_ABORTED, "text", ELS_ERR_RETRY_SAME);
    CHECK(elasticity::sdk::detail::fail(&error, thrown) == ELS_ABORTED);
    CHECK(error.flags == ELS_ERR_RETRY_SAME);
    CHECK(error.field[0] == 'x');
    CHECK(error.message[0] == 'x');
}
