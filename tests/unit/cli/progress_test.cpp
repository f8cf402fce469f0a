#include "core/cli/progress.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

namespace elasticity::cli {
namespace {

Answer answer(const std::string& tool, const std::string& state,
              const std::vector<std::string>& pointers = {}) {
    boost::json::array errors;
    for (const std::string& pointer : pointers)
        errors.push_back({{"pointer", pointer}, {"message", "is wrong"}});
    const boost::json::object document{
        {"tool", tool.empty() ? boost::json::value(nullptr) : boost::json::value(tool)},
        {"state", state},
        {"reason", "because"},
        {"errors", errors}};
    return parse_answer(boost::json::serialize(document)).value();
}

ExitCode end_of(const std::string& state) {
    Progress progress({"ocr"});
    progress.take(answer("ocr", state));
    REQUIRE(progress.settled());
    return progress.exit_code();
}

TEST_CASE("progress: each final state has its exit code") {
    for (const char* state : {"running", "unchanged", "paused", "removed"})
        CHECK(end_of(state) == ExitCode::done);
    for (const char* state : {"failed", "degraded"}) CHECK(end_of(state) == ExitCode::failed);
    CHECK(end_of("rejected") == ExitCode::rejected);
}

TEST_CASE("progress: a tool on its way has not settled, and counts as failed when nobody waits longer") {
    Progress progress({"ocr"});
    for (const char* state : {"accepted", "deploying", "removing"}) {
        progress.take(answer("ocr", state));
        CHECK_FALSE(progress.settled());
        CHECK(progress.exit_code() == ExitCode::failed);
    }
}

TEST_CASE("progress: it ends when every tool has settled, and rejected outweighs failed") {
    Progress progress({"a", "b", "c"});
    progress.take(answer("a", "running"));
    progress.take(answer("b", "failed"));
    CHECK(progress.settled_count() == 2);
    CHECK_FALSE(progress.settled());
    progress.take(answer("c", "rejected"));
    CHECK(progress.settled());
    CHECK(progress.exit_code() == ExitCode::rejected);
}

TEST_CASE("progress: an answer about another tool changes nothing") {
    Progress progress({"a"});
    progress.take(answer("b", "running"));
    CHECK_FALSE(progress.settled());
}

TEST_CASE("progress: a message that is rejected as a whole settles all of its tools") {
    Progress progress({"a", "", "c"});
    progress.take(answer("", "rejected", {"/target", "/tools/1/kind"}));
    CHECK(progress.settled());
    CHECK(progress.exit_code() == ExitCode::rejected);
}

TEST_CASE("progress: a rejected tool without a name is told apart by its place") {
    Progress progress({"a", ""});
    progress.take(answer("", "rejected", {"/tools/1/kind", "/tools/1/extractor"}));
    CHECK(progress.settled_count() == 1);
    progress.take(answer("a", "running"));
    CHECK(progress.settled());
}

TEST_CASE("progress: a message without tools is answered once") {
    Progress progress({});
    CHECK_FALSE(progress.settled());
    progress.take(answer("", "rejected", {"/tools"}));
    CHECK(progress.settled());
}

TEST_CASE("progress: what is no status is an error, what is not known in one is ignored") {
    CHECK(parse_answer("{").has_error());
    CHECK(parse_answer("[]").has_error());
    CHECK(parse_answer(R"({"tool": "ocr"})").has_error());
    CHECK(parse_answer(R"({"state": "running", "errors": 7, "mood": "good"})").has_value());
}

TEST_CASE("progress: an answer cannot write to the terminal beyond its text") {
    Answer hostile = answer("ocr", "running");
    hostile.reason = "\x1b[2Jgone\nnext";
    CHECK(to_text(hostile) == "ocr  running   [2Jgone next\n");
}

TEST_CASE("progress: a rejection tells every error") {
    CHECK(to_text(answer("", "rejected", {"/target", ""})) ==
          "message  rejected  because\n    /target: is wrong\n    is wrong\n");
}

TEST_CASE("progress: the JSON holds each tool's last status, unknown fields too") {
    Progress progress({"a", "b"});
    progress.take(parse_answer(R"({"tool": "a", "state": "running", "mood": "good"})").value());
    const auto document = progress.to_json("id");
    CHECK(document.at("request_id") == "id");
    CHECK(document.at("result") == "failed");
    CHECK(document.at("tools").at(0).at("mood") == "good");
    CHECK(document.at("tools").at(1).at("state").is_null());
}

}  // namespace
}  // namespace elasticity::cli
