#include "core/io/rabbitmq/management_answer.hpp"

#include <catch2/catch.hpp>

using namespace elasticity::rabbitmq;

namespace {

std::string text(const std::optional<uint64_t>& value) {
    return value ? std::to_string(*value) : "-";
}

std::string text(const std::vector<QueueTotals>& queues) {
    std::string lines;
    for (const QueueTotals& queue : queues) {
        lines += queue.queue + " " + text(queue.ready) + " " + text(queue.unacknowledged) + " " +
                 text(queue.consumers) + (queue.suspect ? " suspect" : "") + "\n";
    }
    return lines;
}

std::string page_with(const std::string& items) {
    return R"({"filtered_count":3,"items":[)" + items +
           R"(],"page":1,"page_count":2,"page_size":2,"total_count":3})";
}

std::string parsed(const std::string& json) {
    const auto page = parse_queue_page(json);
    return page.has_error() ? page.error().message : text(page->queues);
}

}  // namespace

TEST_CASE("management: a recorded page of RabbitMQ 3.10 is read") {
    const auto page = parse_queue_page(
        R"({"filtered_count":3,"item_count":2,"items":[{"consumers":0,"messages_ready":0,"messages_unacknowledged":0,)"
        R"("name":"q1"},{"consumers":3,"messages_ready":17,"messages_unacknowledged":2,"name":"q2"}],"page":1,)"
        R"("page_count":2,"page_size":2,"total_count":3})");
    REQUIRE_FALSE(page.has_error());
    CHECK(page->page == 1);
    CHECK(page->page_count == 2);
    CHECK(text(page->queues) == "q1 0 0 0\nq2 17 2 3\n");
}

TEST_CASE("management: a field that is absent stays absent, and is not zero") {
    CHECK(parsed(page_with(R"({"name":"new"})")) == "new - - -\n");
    CHECK(parsed(page_with(R"({"name":"new","messages_ready":null})")) == "new - - -\n");
}

TEST_CASE("management: an impossible value is left out and makes the queue suspect") {
    const std::string value = GENERATE("-1", "1.5", "1e300", "18446744073709551615", "\"3\"", "[]");
    CHECK(parsed(page_with(R"({"name":"q","messages_ready":)" + value + R"(,"consumers":1})")) ==
          "q - - 1 suspect\n");
}

TEST_CASE("management: counters are read as a whole, and none is no zero") {
    const auto counters = [](const std::string& statistics) {
        const auto page = parse_queue_page(page_with(R"({"name":"q")" + statistics + "}"));
        REQUIRE_FALSE(page.has_error());
        return text(page->queues[0].finished) + " " + text(page->queues[0].published);
    };
    CHECK(counters(R"(,"message_stats":{"ack":7,"get_no_ack":1,"deliver_no_ack":2,"publish":30})") == "10 30");
    CHECK(counters(R"(,"message_stats":{"publish":30})") == "0 30");
    CHECK(counters(R"(,"message_stats":{})") == "- -");
    CHECK(counters("") == "- -");
    CHECK(counters(R"(,"message_stats":{"ack":-7,"publish":30})") == "- -");
}

TEST_CASE("management: an answer that is not whole is an error, never an empty list") {
    const auto [json, expected] = GENERATE(table<std::string, std::string>({
        {"[]", "management answer: must be a JSON object"},
        {"{}", "management answer: page: must be an integer"},
        {R"({"page":1})", "management answer: page_count: must be an integer"},
        {R"({"page":1,"page_count":1})", "management answer: items: must be an array"},
        {R"({"page":1,"page_count":1,"items":[7]})",
         "management answer: items: each must be an object with a name"},
        {R"({"page":1,"page_count":1,"items":[{}]})",
         "management answer: items: each must be an object with a name"},
    }));
    CHECK(parsed(json) == expected);
    const std::string whole = page_with(R"({"name":"q","messages_ready":1})");
    for (size_t size = 0; size < whole.size(); ++size)
        CHECK(parse_queue_page(whole.substr(0, size)).has_error());
}

TEST_CASE("management: a queue on two pages counts once, and the later page wins") {
    std::vector<QueuePage> pages(2);
    pages[0].queues = {{"a", 1, {}, {}, false}, {"b", 2, {}, {}, false}};
    pages[1].queues = {{"b", 5, {}, {}, false}, {"c", 3, {}, {}, false}};
    CHECK(text(merge_pages(pages)) == "a 1 - -\nb 5 - -\nc 3 - -\n");
}

TEST_CASE("management: the holder of a queue is named by tag and connection, without control characters") {
    CHECK(
        *parse_consumer_holder(R"({"consumer_details":[{"consumer_tag":"elasticity em-1 host 7\n",)"
                               R"("channel_details":{"connection_name":"127.0.0.1:1 -> 127.0.0.1:2"}}]})") ==
        "'elasticity em-1 host 7?' on connection '127.0.0.1:1 -> 127.0.0.1:2'");
    CHECK(parse_consumer_holder(R"({"consumer_details":[]})").error().kind ==
          elasticity::ErrorKind::not_found);
    CHECK(parse_consumer_holder(R"({"consumer_details":[5]})").has_error());
    CHECK(parse_consumer_holder("").has_error());
}
