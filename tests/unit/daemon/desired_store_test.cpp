#include "core/daemon/desired_store.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/decision/worlds.hpp"
#include "tests/unit/state_io/support.hpp"

using namespace elasticity;

TEST_CASE("desired store: requests are answered after they are durable and before the control loop learns of them") {
    const TempDir folder;
    std::vector<std::string> order;
    DesiredStore store(ToolsFile::open(folder.path(), 5).value(), worlds::context(),
                       [&](const DesiredStore::State&) { order.push_back("control loop"); });
    const Message message = worlds::read(worlds::message("deploy", {worlds::docker("ocr", 1)}));
    const std::vector<DesiredStore::Request> requests{{&message, "r1"}};
    const auto answer = [&](const DesiredStore::Committed& committed) {
        CHECK(slurp(folder / "tools.json").find("\"ocr\"") != std::string::npos);
        CHECK(committed.state->find({worlds::prod, "ocr"}) != nullptr);
        order.push_back(worlds::to_text(committed.results.at(0)));
    };

    REQUIRE(store.apply(requests, answer).has_value());
    CHECK(order == std::vector<std::string>{"accepted ocr: accepted\n", "control loop"});

    order.clear();
    REQUIRE(store.apply(requests, answer).has_value());
    REQUIRE(order.size() == 1);  // an equal request is answered, and changes nothing
    CHECK(order.front().starts_with("unchanged ocr"));
}

TEST_CASE("desired store: a hand edit that was written too slowly for a commit is merged when it is complete") {
    const TempDir folder;
    DesiredStore store(ToolsFile::open(folder.path(), 5).value(), worlds::context(), [](const DesiredStore::State&) {});
    const auto deploy = [&](const std::string& tool) {
        const Message message = worlds::read(worlds::message("deploy", {worlds::docker(tool, 1)}));
        const std::vector<DesiredStore::Request> requests{{&message, "request of " + tool}};
        REQUIRE(store.apply(requests, [](const DesiredStore::Committed&) {}).has_value());
    };
    deploy("ocr");
    std::string edited = slurp(folder / "tools.json");
    const auto at = edited.find("\"min_instances\": ");
    REQUIRE(at != std::string::npos);
    edited.replace(at, edited.find_first_of(",\n}", at) - at, "\"min_instances\": 7");
    {
        std::ofstream editor(folder / "tools.json", std::ios::binary | std::ios::trunc);
        editor << edited.substr(0, 20) << std::flush;
        deploy("words");
        CHECK(must(store.check_file()) == "");
        editor << edited.substr(20);
    }
    CHECK(must(store.check_file()) == "");
    CHECK(store.current()->find({worlds::prod, "ocr"})->entry.fields.at("min_instances").as_int64() == 7);
    CHECK(store.current()->find({worlds::prod, "words"}) != nullptr);
}
