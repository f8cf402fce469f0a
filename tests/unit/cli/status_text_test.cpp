#include "core/cli/status_text.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

namespace elasticity::cli {
namespace {

boost::json::object status() {
    return boost::json::parse(R"({
        "module": "em-1", "version": "0.1.0", "install_id": "00ff", "generation": 41, "held": null, "journal_trouble": "",
        "brokers": [{"target": "prod", "url": "http://host:15672/prod", "listener": "connected", "publisher": null,
                     "reader": "connected"}],
        "tools": [
            {"tool": "ocr", "target": "http://host:15672/prod", "state": "running", "min_instances": 1,
             "max_instances": 20, "target_instances": 3, "reading": {"state": "value", "ready": 12, "unacknowledged": 3},
             "reason": "12 messages wait",
             "instances": [{"key": "k1", "backend": "docker", "state": "running", "created": "2026-11-22T09:14:03.120Z",
                            "id": "c1", "error": ""},
                           {"key": "k2", "backend": "docker", "state": "provisioning", "created": null, "id": "", "error": ""}]},
            {"tool": "faces", "target": "http://host:15672/prod", "state": "failed", "min_instances": 0,
             "max_instances": 5, "target_instances": 0, "reading": {"state": "missing", "reason": "the broker is away"},
             "reason": "", "instances": []}],
        "backends": [{"backend": "docker", "listed": true, "trouble": "engine: refused", "instances": 2, "strays": []},
                     {"backend": "local", "listed": false, "trouble": "", "instances": 0,
                      "strays": [{"key": "s1", "state": "running"}]}],
        "workers_of_unknown_tools": [{"key": "u1", "backend": "docker", "state": "running", "tool": "old"}]})")
        .as_object();
}

TEST_CASE("status: tools, backends in trouble and strays, in one screen") {
    CHECK(to_text(status(), false, 0) ==
          "em-1: version 0.1.0, generation 41, install id 00ff\n"
          "broker prod http://host:15672/prod: listener connected, reader connected\n"
          "backend docker: engine: refused\n"
          "backend local: has not been listed yet\n"
          "\n"
          "TOOL   STATE    INSTANCES   BACKLOG  WHY\n"
          "ocr    running  1/3 (1-20)  12+3     12 messages wait\n"
          "faces  failed   0/0 (0-5)   unknown  the broker is away\n"
          "\n"
          "STRAY  BACKEND  STATE    TOOL\n"
          "s1     local    running\n"
          "u1     docker   running  old\n");
}

TEST_CASE("status: one tool is shown with its instances") {
    auto answer = status();
    keep_tools(answer, "ocr", "");
    const std::string text = to_text(answer, true, 0);
    CHECK(text.find("faces") == std::string::npos);
    CHECK(text.find("INSTANCE  BACKEND  STATE         CREATED                   ID  ERROR\n"
                    "k1        docker   running       2026-11-22T09:14:03.120Z  c1\n"
                    "k2        docker   provisioning\n") != std::string::npos);
}

TEST_CASE("status: a target takes out the tools of the others") {
    auto answer = status();
    keep_tools(answer, "", "amqp://other:5672/");
    CHECK(to_text(answer, false, 0).find("no tools\n") != std::string::npos);
}

TEST_CASE("status: two targets are told apart by a column") {
    auto answer = status();
    answer["tools"].as_array()[1].as_object()["target"] = "amqp://other:5672/";
    CHECK(to_text(answer, false, 0).find("TOOL   TARGET ") != std::string::npos);
}

TEST_CASE("status: a daemon that touches nothing says why at the top") {
    auto answer = status();
    answer["held"] = "tools.json is missing";
    CHECK(to_text(answer, false, 0).find("\nheld: tools.json is missing\n") != std::string::npos);
}

TEST_CASE("status: a backend's plugin is shown, and the upgrade of it that is under way or went wrong") {
    auto answer = status();
    boost::json::object& plugin = (answer["backends"].as_array()[0].as_object()["plugin"] = boost::json::parse(R"({
        "id": "org.example.cloud", "version": "1.2", "generation": 3, "sha256": "0123456789abcdef0123", "state": "probing",
        "beside": null, "last_upgrade": {"file": "/x/cloud.so", "outcome": null, "steps": [{"phase": "staging", "text": "sha"}]}})"))
                                      .as_object();
    const std::string line = "backend docker: org.example.cloud 1.2, generation 3, sha256 0123456789abcdef, ";
    CHECK(to_text(answer, false, 0).find(line + "probing\n  upgrade to /x/cloud.so staging: sha\n") != std::string::npos);
    plugin["last_upgrade"].as_object()["outcome"] = "refused";
    plugin["last_upgrade"].as_object()["reason"] = "it crashes";
    CHECK(to_text(answer, false, 0).find("  upgrade to /x/cloud.so refused: it crashes\n") != std::string::npos);
    plugin["last_upgrade"].as_object()["outcome"] = "replaced";
    plugin["beside"] = 2;
    plugin["state"] = "watching";
    CHECK(to_text(answer, false, 0).find(line + "watching, beside generation 2\nbackend docker: engine") != std::string::npos);
}

TEST_CASE("status: an answer of another release, with nothing that we know, is no crash") {
    CHECK(to_text({{"tools", 7}, {"backends", {1, 2}}}, true, 80).find("no tools") != std::string::npos);
}

}  // namespace
}  // namespace elasticity::cli
