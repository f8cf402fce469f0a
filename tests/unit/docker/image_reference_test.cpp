#include <catch2/catch.hpp>
#include <elasticity/sdk/image_reference.hpp>

using elasticity::sdk::parse_image_reference;

namespace {

const std::string hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Case {
    std::string text;
    std::string canonical;
};

}  // namespace

TEST_CASE("image reference: defaults are filled in as the engine does") {
    const auto wanted = GENERATE(values<Case>({
        {"busybox", "docker.io/library/busybox:latest"},
        {"busybox:1", "docker.io/library/busybox:1"},
        {"ncsa/clowder-ocr:1.4", "docker.io/ncsa/clowder-ocr:1.4"},
        {"docker.io/busybox", "docker.io/library/busybox:latest"},
        {"index.docker.io/busybox", "docker.io/library/busybox:latest"},
        {"localhost/a", "localhost/a:latest"},
        {"localhost:5000/a/b_c/d__e/f---g:v1", "localhost:5000/a/b_c/d__e/f---g:v1"},
        {"127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"},
        {"Registry.example.org/a", "Registry.example.org/a:latest"},
        {"a@sha256:" + hex64, "docker.io/library/a@sha256:" + hex64},
        {"a:1@sha256:" + hex64, "docker.io/library/a:1@sha256:" + hex64},
        {std::string(237, 'a'), "docker.io/library/" + std::string(237, 'a') + ":latest"},
        {"a:" + std::string(128, 'x'), "docker.io/library/a:" + std::string(128, 'x')},
        {"sha256:" + hex64, "docker.io/library/sha256:" + hex64},  // a name and a tag, never an image's id
    }));
    const auto image = parse_image_reference(wanted.text);
    REQUIRE(image);
    CHECK(image->text() == wanted.canonical);
    REQUIRE(parse_image_reference(image->text()));
    CHECK(parse_image_reference(image->text())->text() == wanted.canonical);
}

TEST_CASE("image reference: what is none is refused") {
    const std::string text = GENERATE(
        std::string(), std::string("/"), std::string(":1"), std::string("a:"), std::string("a:-x"),
        std::string("a:.x"), std::string("a@"), std::string("a@sha256:"), std::string("a@sha256:XYZ"),
        "a@sha256:" + hex64 + "0", "a@md5:" + hex64, "@sha256:" + hex64, std::string("A"), std::string("a/B"),
        std::string("a//b"), std::string("a/"), std::string("/a"), std::string("-a"), std::string("a-"),
        std::string("a..b"), std::string("a___b"), std::string("a._b"), std::string("a b"),
        std::string("a\nb"), std::string("a\0b", 3), std::string("../../etc/passwd"),
        std::string("http://host/a"), std::string("host:port/a"), std::string("host:/a"),
        std::string("a:1:2"), std::string("-host.org/a"), std::string("host..org/a"), std::string("a?b=c"),
        std::string("a&tag=x"), std::string("a%2fb"), std::string("\xc3\xa9"), "a:" + std::string(129, 'x'),
        std::string(256, 'a'), std::string(238, 'a'),  std::string(1 << 20, '/'), std::string(1 << 20, '-'));
    CHECK_FALSE(parse_image_reference(text));
}
