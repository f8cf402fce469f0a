#include "plugins/process/common/protocol.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/process/temporary_folder.hpp"

using namespace elasticity::process;

TEST_CASE("protocol: a request arrives as it was sent") {
    Request sent;
    sent.worker.key = "k-1";
    sent.worker.tool = "a tool = of\nlines";
    sent.worker.spec_hash = ~std::uint64_t{0};
    sent.arguments = {"sh", "-c", "", "a=b"};
    sent.environment = {"A=1", "B="};
    sent.limits = {{7, 1024, ~std::uint64_t{0}}};
    sent.change_user = true;
    sent.groups = {5, 6};
    const Request got = to_request(Fields(to_fields(sent).text()));
    CHECK(got.worker.key == sent.worker.key);
    CHECK(got.worker.tool == sent.worker.tool);
    CHECK(got.worker.spec_hash == sent.worker.spec_hash);
    CHECK(got.arguments == sent.arguments);
    CHECK(got.environment == sent.environment);
    CHECK(got.limits.at(0).soft == 1024);
    CHECK(got.limits.at(0).hard == ~std::uint64_t{0});
    CHECK(got.groups == sent.groups);
    CHECK(got.change_user);
    CHECK_FALSE(got.supervise_only);
}

TEST_CASE("protocol: what the launcher says is not taken for a reply of the shim") {
    const Reply said = to_reply("Failed to connect to bus\n");
    CHECK(said.result == Reply::Result::none);
    CHECK(said.text == "Failed to connect to bus\n");
    CHECK(to_reply("").result == Reply::Result::none);
    const Reply failed = to_reply(to_text({Reply::Result::failed, "fork", 11, {}}));
    CHECK(failed.result == Reply::Result::failed);
    CHECK(failed.step == "fork");
    CHECK(failed.error_number == 11);
}

TEST_CASE("record: what was written is read, and other files are left alone") {
    const TemporaryFolder folder;
    Record record;
    record.phase = Record::Phase::ended;
    record.key = "k-1";
    record.worker = {12, 34};
    record.exit_code = 139;
    write_record(folder.path(), record);
    write_record(folder.path(), record);
    const auto records = read_records(folder.path());
    REQUIRE(records.size() == 1);
    CHECK(records.at("k-1").phase == Record::Phase::ended);
    CHECK(records.at("k-1").worker == ProcessId{12, 34});
    CHECK(records.at("k-1").exit_code == 139);
    remove_record(folder.path(), "k-1");
    remove_record(folder.path(), "k-1");
    CHECK_FALSE(read_record(folder.path(), "k-1"));
}

TEST_CASE("record: one that was cut short is none") {
    const std::string whole = to_fields(Record{}).text();
    CHECK(to_record(Fields(whole)));
    CHECK_FALSE(to_record(Fields(whole.substr(0, whole.size() - 6))));
    CHECK_FALSE(to_record(Fields("")));
}

TEST_CASE("record: a folder that is not there holds none") { CHECK(read_records("/nonexistent").empty()); }
