#include "core/model/target.hpp"

#include <catch2/catch.hpp>

#include "core/model/names.hpp"

using namespace elasticity;

TEST_CASE("target: every spelling of an address has one canonical form") {
    const std::string canonical = "http://rabbitmq.ncsa.illinois.edu:15672/prod";
    for (const char* spelling : {
             "http://rabbitmq.ncsa.illinois.edu:15672/prod", "HTTP://rabbitmq.ncsa.illinois.edu:15672/prod",
             "http://RabbitMQ.NCSA.Illinois.EDU:15672/prod", "http://rabbitmq.ncsa.illinois.edu.:15672/prod",
             "http://rabbitmq.ncsa.illinois.edu/prod", "http://rabbitmq.ncsa.illinois.edu:15672/%70rod"}) {
        INFO(spelling);
        CHECK(to_url(parse_target_url(spelling).value()) == canonical);
    }
    for (const char* spelling : {"amqp://h", "amqp://h/", "amqp://h:5672/%2F", "amqp://h:5672/%2f", "amqp://h.//"}) {
        INFO(spelling);
        CHECK(to_url(parse_target_url(spelling).value()) == "amqp://h:5672/");
    }
}

TEST_CASE("target: near misses are other addresses") {
    const TargetAddress prod = parse_target_url("amqp://h/prod").value();
    for (const char* other : {"amqps://h/prod", "amqp://h:5671/prod", "amqp://h/Prod", "amqp://h/prod/",
                              "amqp://h/%2Fprod", "amqp://h2/prod", "http://h/prod", "amqp://h/"}) {
        INFO(other);
        CHECK(parse_target_url(other).value() != prod);
    }
}

TEST_CASE("target: what is no address says what is wrong") {
    const auto refusal = [](const char* url) {
        const auto parsed = parse_target_url(url);
        return parsed ? "taken as " + to_url(*parsed) : parsed.error().message;
    };
    CHECK(refusal("rabbitmq:5672/prod") == "must be PROTOCOL://HOST:PORT/VIRTUAL_HOST");
    CHECK(refusal("ftp://h/prod") == "protocol must be amqp, amqps, http or https");
    for (const char* bad : {"amqp://h:0/p", "amqp://h:65536/p", "amqp://h:x/p", "amqp://h:/p", "amqp://h:-1/p"})
        CHECK(refusal(bad) == "port must be 1 to 65535");
    CHECK(refusal("amqp:///p") == "host must have 1 to 253 characters");
    CHECK(refusal("amqp://./p") == "host must have 1 to 253 characters");
    for (const char* bad : {"amqp://a..b/p", "amqp://.a/p", "amqp://a../p", "amqp://a b/p", "amqp://a;b/p", "amqp://$(x)/p",
                            "amqp://[::1..]/p"})
        CHECK(refusal(bad) == "host must be a name of letters, digits, '-', '_' and single '.', or an IP address");
    CHECK(refusal("amqp://h/%2") == "'%' must be followed by two hexadecimal digits");
    CHECK(refusal("amqp://h/%zz") == "'%' must be followed by two hexadecimal digits");
    CHECK(refusal("amqp://h/p?x=1") == "must hold neither '?' nor '#'");
    for (const char* bad : {"amqp://h/%00", "amqp://h/a%0Ab", "amqp://h/%FF"})
        CHECK(refusal(bad) == "virtual host must be printable characters of UTF-8");
}

TEST_CASE("target: credentials are refused and never repeated") {
    for (const char* url : {"amqp://guest:hunter2@h/prod", "amqp://hunter2@h/prod", "amqp://guest:hunter2/prod"}) {
        const auto parsed = parse_target_url(url);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().message.find("hunter2") == std::string::npos);
    }
    CHECK(parse_target_url("amqp://guest:hunter2@h/prod").error().message ==
          "must hold no user name or password: it identifies, it does not give access");
}

TEST_CASE("target: the four parts are checked like a URL") {
    CHECK(to_url(make_target_address("AMQP", "H.", 0, "").value()) == "amqp://h:5672/");
    CHECK(to_url(make_target_address("amqp", "::1", 0, "a").value()) == "amqp://[::1]:5672/a");
    CHECK(parse_target_url("amqp://[::1]:5672/a").value() == make_target_address("amqp", "::1", 0, "a").value());
    CHECK_FALSE(make_target_address("amqp", "h:5672", 0, "a").has_value());
    CHECK_FALSE(make_target_address("amqp", "[::1]", 0, "a").has_value());
}

TEST_CASE("target: a canonical form reads back as the same address") {
    for (const std::string host : {"h", "a.b-c", "::1"})
        for (const std::string vhost : {"/", "prod", "a/b", "/x", "100%", "a@b", "q?x#y", "%2F", "caf\xC3\xA9", "a b"}) {
            const TargetAddress address = make_target_address("https", host, 1234, vhost).value();
            INFO(to_url(address));
            CHECK(parse_target_url(to_url(address)).value() == address);
            CHECK(to_url(address).find('@') == std::string::npos);
        }
}

TEST_CASE("target: one virtual host is found by name, id and each of its addresses") {
    const Target prod{"prod", parse_target_url("amqp://h/prod").value(), parse_target_url("http://h/prod").value()};
    const Target dev{"dev", parse_target_url("amqp://h/dev").value()};
    const TargetTable table({prod, dev});
    CHECK(table.find(parse_target_url("http://H:15672/prod").value())->name == "prod");
    CHECK(table.find(parse_target_url("amqp://h./prod").value())->name == "prod");
    CHECK(table.find(parse_target_url("http://h/dev").value()) == nullptr);
    CHECK(table.find_by_id("amqp://h:5672/dev")->name == "dev");
    CHECK(table.find_by_name("nope") == nullptr);
    CHECK(table.known() == "prod (http://h:15672/prod), dev (amqp://h:5672/dev)");
    CHECK(TargetTable().known() == "none");
}

TEST_CASE("names: plain ones cannot be taken for an option, a path or a command") {
    for (const char* good : {"a", "ocr", "a_b.c-d", "0x", "A"}) CHECK(is_plain_name(good));
    for (const char* bad : {"", "-a", ".a", "_a", "a b", "a;b", "$(a)", "a/b", "a\n", "caf\xC3\xA9"})
        CHECK_FALSE(is_plain_name(bad));
    CHECK(is_plain_name(std::string(63, 'a')));
    CHECK_FALSE(is_plain_name(std::string(64, 'a')));
}

TEST_CASE("names: printable ones are well-formed UTF-8 without control characters") {
    for (const char* good : {"a b", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) CHECK(is_printable_name(good));
    for (const char* bad : {"", "a\tb", "\x7F", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xE0\x80\x80", "\xF4\x90\x80\x80", "\xFF"})
        CHECK_FALSE(is_printable_name(bad));
    CHECK(is_printable_name(std::string(255, 'a')));
    CHECK_FALSE(is_printable_name(std::string(256, 'a')));
}
