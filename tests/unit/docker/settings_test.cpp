#include "plugins/docker/settings.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/docker/call_support.hpp"

using namespace elasticity;
using namespace elasticity::docker;
using elasticity::test::error_of;

TEST_CASE("settings: nothing means the local engine") {
    const auto settings = parse_settings("{}");
    CHECK(settings.endpoint.unix_socket == "/var/run/docker.sock");
    CHECK(settings.endpoint.base_url == "http://localhost");
    CHECK(settings.stop_grace == std::chrono::seconds(10));
    CHECK(settings.registries.empty());
}

TEST_CASE("settings: tcp is TLS where tls is set; https always is") {
    CHECK(parse_endpoint("tcp://engine:2375", false).base_url == "http://engine:2375");
    CHECK(parse_endpoint("tcp://engine:2376", true).base_url == "https://engine:2376");
    CHECK(parse_endpoint("https://engine:2376", false).base_url == "https://engine:2376");
    CHECK(parse_endpoint("http://[::1]:2375", false).base_url == "http://[::1]:2375");
    CHECK(parse_settings(R"({"endpoint": "tcp://e:1", "tls": {}})").endpoint.tls.verify);
}

TEST_CASE("settings: endpoints that are none are refused, and named") {
    const std::string endpoint =
        GENERATE("", "unix://", "unix://relative", "/var/run/docker.sock", "ssh://host", "tcp://",
                 "tcp://host", "tcp://host:", "tcp://:1", "tcp://host:1/path", "tcp://u:p@host:1",
                 "tcp://ho st:1", "tcp://host:1?x", "http://host:x1");
    const auto error = error_of([&] { parse_endpoint(endpoint, false); });
    CHECK(error.code == ELS_INVALID_ARGUMENT);
    CHECK(error.field == "/endpoint");
}

TEST_CASE("settings: a socket's path may have 107 characters, not 108") {
    CHECK(parse_endpoint("unix:///" + std::string(106, 'x'), false).unix_socket.size() == 107);
    CHECK(error_of([] { parse_endpoint("unix:///" + std::string(107, 'x'), false); }).code ==
          ELS_INVALID_ARGUMENT);
}

TEST_CASE("settings: TLS asked for where there is none is an error, not ignored") {
    CHECK(error_of([] { parse_endpoint("http://host:1", true); }).field == "/endpoint");
}

TEST_CASE("settings: a certificate without its key is refused, and the reverse") {
    CHECK(error_of([] { parse_settings(R"({"endpoint": "tcp://e:1", "tls": {"cert_file": "c"}})"); }).field ==
          "/tls/key_file");
    CHECK(error_of([] { parse_settings(R"({"endpoint": "tcp://e:1", "tls": {"key_file": "k"}})"); }).field ==
          "/tls/cert_file");
}

TEST_CASE("settings: a registry's password is kept as a reference, and never as a text") {
    const auto settings =
        parse_settings(R"({"registries": {"docker.io": {"username": "u", "password": {"file": "/etc/x"}}}})");
    CHECK(settings.registries.at("docker.io").username == "u");
    CHECK(settings.registries.at("docker.io").password_reference == R"({"file":"/etc/x"})");
    const auto error =
        error_of([] { parse_settings(R"({"registries": {"r": {"username": "u", "password": "pw"}}})"); });
    CHECK(error.field == "/registries/r/password");
    CHECK(error.text.find("pw") == std::string::npos);
}

TEST_CASE("settings: values of a wrong type or out of range point at themselves") {
    const auto field_of = [](const char* text) { return error_of([&] { parse_settings(text); }).field; };
    CHECK(field_of(R"({"endpoint": 5})") == "/endpoint");
    CHECK(field_of(R"({"stop_grace_s": -1})") == "/stop_grace_s");
    CHECK(field_of(R"({"stop_grace_s": 1.5})") == "/stop_grace_s");
    CHECK(field_of(R"({"log_max_bytes": 1})") == "/log_max_bytes");
    CHECK(field_of(R"({"log_files_max": 0})") == "/log_files_max");
    CHECK(field_of(R"({"tls": []})") == "/tls");
    CHECK(field_of(R"({"registries": {"r": 1}})") == "/registries/r");
    CHECK(error_of([] { parse_settings("[]"); }).code == ELS_INVALID_ARGUMENT);
    CHECK(error_of([] { parse_settings("{"); }).code == ELS_INVALID_ARGUMENT);
}
