#include "core/io/rabbitmq/management_answer.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <unordered_map>

namespace elasticity::rabbitmq {
namespace {

namespace json = boost::json;

Error unexpected(const std::string& what) {
    return {ErrorKind::unavailable, "management answer: " + what};
}

/// No broker holds more; a number above it is one of its statistics' accidents.
constexpr int64_t count_max = int64_t{1} << 48;

Result<json::object> parse_object(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error) return unexpected("must be JSON: " + error.message());
    if (!value.is_object()) return unexpected("must be a JSON object");
    return std::move(value.as_object());
}

std::optional<uint64_t> read_count(const json::object& queue, std::string_view field, bool& suspect) {
    const json::value* value = queue.if_contains(field);
    if (value == nullptr || value->is_null()) return std::nullopt;
    boost::system::error_code error;
    const int64_t count = value->is_number() ? value->to_number<int64_t>(error) : -1;
    if (error || count < 0 || count > count_max) {
        suspect = true;
        return std::nullopt;
    }
    return static_cast<uint64_t>(count);
}

Result<int> read_page_number(const json::object& page, std::string_view field) {
    const json::value* value = page.if_contains(field);
    if (value == nullptr || !value->is_int64())
        return unexpected(std::string(field) + ": must be an integer");
    return static_cast<int>(value->as_int64());
}

/// The broker leaves out a counter of what never happened, and all of them before anything did or where its
/// statistics are switched off.
void read_counters(const json::object& queue, QueueTotals& totals) {
    const json::value* statistics = queue.if_contains("message_stats");
    if (statistics == nullptr || !statistics->is_object() || statistics->get_object().empty()) return;
    const json::object& counters = statistics->get_object();
    bool suspect = false;
    uint64_t finished = 0;
    for (const char* field : {"ack", "deliver_no_ack", "get_no_ack"})
        finished += read_count(counters, field, suspect).value_or(0);
    const uint64_t published = read_count(counters, "publish", suspect).value_or(0);
    totals.suspect = totals.suspect || suspect;
    if (suspect) return;
    totals.finished = finished;
    totals.published = published;
}

Result<QueueTotals> read_queue(const json::value& item) {
    const json::object* queue = item.if_object();
    const json::value* name = queue != nullptr ? queue->if_contains("name") : nullptr;
    if (name == nullptr || !name->is_string()) return unexpected("items: each must be an object with a name");
    QueueTotals totals;
    totals.queue = std::string(name->as_string());
    totals.ready = read_count(*queue, "messages_ready", totals.suspect);
    totals.unacknowledged = read_count(*queue, "messages_unacknowledged", totals.suspect);
    totals.consumers = read_count(*queue, "consumers", totals.suspect);
    read_counters(*queue, totals);
    return totals;
}

/// The text under a path of object members, or "?"; what a consumer chose is not shown raw.
std::string text_at(const json::object& object, std::string_view outer, std::string_view inner = "") {
    const json::value* value = object.if_contains(outer);
    if (value != nullptr && !inner.empty()) {
        value = value->is_object() ? value->as_object().if_contains(inner) : nullptr;
    }
    if (value == nullptr || !value->is_string()) return "?";
    std::string text(value->as_string());
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text;
}

}  // namespace

Result<QueuePage> parse_queue_page(std::string_view text) {
    auto parsed = parse_object(text);
    if (parsed.has_error()) return parsed.error();
    auto page = read_page_number(*parsed, "page");
    if (page.has_error()) return page.error();
    auto page_count = read_page_number(*parsed, "page_count");
    if (page_count.has_error()) return page_count.error();
    const json::value* items = parsed->if_contains("items");
    if (items == nullptr || !items->is_array()) return unexpected("items: must be an array");
    QueuePage result;
    result.page = *page;
    result.page_count = *page_count;
    for (const json::value& item : items->as_array()) {
        auto queue = read_queue(item);
        if (queue.has_error()) return queue.error();
        result.queues.push_back(std::move(*queue));
    }
    return result;
}

std::vector<QueueTotals> merge_pages(std::vector<QueuePage> pages) {
    std::vector<QueueTotals> all;
    std::unordered_map<std::string, size_t> position;
    for (QueuePage& page : pages) {
        for (QueueTotals& queue : page.queues) {
            const auto [known, is_new] = position.emplace(queue.queue, all.size());
            if (is_new) {
                all.push_back(std::move(queue));
            } else {
                all[known->second] = std::move(queue);
            }
        }
    }
    return all;
}

Result<std::string> parse_consumer_holder(std::string_view text) {
    auto parsed = parse_object(text);
    if (parsed.has_error()) return parsed.error();
    const json::value* details = parsed->if_contains("consumer_details");
    if (details == nullptr || !details->is_array()) return unexpected("consumer_details: must be an array");
    if (details->as_array().empty()) return Error{ErrorKind::not_found, "the queue has no consumer"};
    const json::object* first = details->as_array().front().if_object();
    if (first == nullptr) return unexpected("consumer_details: each must be an object");
    return "'" + text_at(*first, "consumer_tag") + "' on connection '" +
           text_at(*first, "channel_details", "connection_name") + "'";
}

}  // namespace elasticity::rabbitmq
