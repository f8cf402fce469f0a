#include "core/io/rabbitmq/management.hpp"

#include <atomic>
#include <thread>
#include <utility>

#include "core/io/rabbitmq/endpoint.hpp"
#include "core/io/rabbitmq/http_get.hpp"
#include "core/io/rabbitmq/wake_event.hpp"

namespace elasticity::rabbitmq {
namespace {

using std::chrono::steady_clock;

// The broker's own maximum is 500.
constexpr int page_size = 500;
// Totals straight from the queues: ready at once for a new queue and far cheaper than the statistics, which
// older brokers, unaware of these two parameters, answer with instead.
constexpr char totals_query[] =
    "?disable_stats=true&enable_queue_totals=true"
    "&columns=name,messages_ready,messages_unacknowledged,consumers";
constexpr char counters_query[] =
    "?columns=name,message_stats.ack,message_stats.deliver_no_ack,message_stats.get_no_ack,message_stats.publish";

Error status_error(long status) {
    switch (status) {
        case 401:
            return {ErrorKind::refused, "the broker refused the log-in (401)"};
        case 403:
            return {ErrorKind::refused, "the user may not use the management API here (403)"};
        case 404:
            return {ErrorKind::not_found, "no such virtual host or queue (404)"};
        default:
            return {ErrorKind::unavailable, "HTTP status " + std::to_string(status)};
    }
}

}  // namespace

ManagementClient::ManagementClient(ManagementEndpoint endpoint) : endpoint_(std::move(endpoint)) {
    while (endpoint_.base_url.ends_with('/')) endpoint_.base_url.pop_back();
    http_ = std::make_unique<HttpGet>(HttpOptions{endpoint_.username, endpoint_.password, endpoint_.ca_file,
                                                  endpoint_.verify, endpoint_.timeout});
}

ManagementClient::~ManagementClient() = default;

Result<std::string> ManagementClient::get(const std::string& path) {
    if (endpoint_.base_url.find('@') != std::string::npos) {
        return Error{ErrorKind::invalid, "management URL: must not contain a user name or password"};
    }
    auto answer = http_->get(endpoint_.base_url + path);
    if (answer.has_error()) return within(endpoint_.base_url, answer.error());
    if (answer->status != 200) return within(endpoint_.base_url, status_error(answer->status));
    return std::move(answer->body);
}

Result<std::vector<QueueTotals>> ManagementClient::queue_totals() {
    return all_pages(totals_query);
}

Result<std::vector<QueueTotals>> ManagementClient::queue_counters() {
    return all_pages(counters_query);
}

Result<std::vector<QueueTotals>> ManagementClient::all_pages(const std::string& query) {
    const std::string path = "/api/queues/" + percent_encode(endpoint_.virtual_host) + query;
    std::vector<QueuePage> pages;
    int page_count = 1;
    for (int number = 1; number <= page_count; ++number) {
        auto body = get(path + "&page_size=" + std::to_string(page_size) + "&page=" + std::to_string(number));
        if (body.has_error()) return body.error();
        auto page = parse_queue_page(*body);
        if (page.has_error()) return within(endpoint_.base_url, page.error());
        if (page->page != number) {
            return Error{ErrorKind::unavailable, endpoint_.base_url + ": asked for page " +
                                                     std::to_string(number) + ", got page " +
                                                     std::to_string(page->page)};
        }
        page_count = page->page_count;
        pages.push_back(std::move(*page));
    }
    return merge_pages(std::move(pages));
}

Result<std::string> ManagementClient::consumer_holder(const std::string& queue) {
    auto body = get("/api/queues/" + percent_encode(endpoint_.virtual_host) + "/" + percent_encode(queue));
    if (body.has_error()) return body.error();
    return parse_consumer_holder(*body);
}

Result<void> ManagementClient::check() {
    auto body =
        get("/api/queues/" + percent_encode(endpoint_.virtual_host) + "?columns=name&page=1&page_size=1");
    if (body.has_error()) return body.error();
    auto page = parse_queue_page(*body);
    if (page.has_error()) return within(endpoint_.base_url, page.error());
    return {};
}

class ManagementReader::Rounds {
public:
    Rounds(ManagementEndpointSource endpoint, std::chrono::milliseconds interval, OnBatch on_batch,
           WantsCounters wants_counters)
        : endpoint_(std::move(endpoint)), interval_(interval), on_batch_(std::move(on_batch)),
          wants_counters_(std::move(wants_counters)) {}
    ~Rounds() { stop(); }

    void start() {
        thread_ = std::thread([this] { loop(); });
    }

    void stop() {
        if (!thread_.joinable()) return;
        stopping_.store(true, std::memory_order_release);
        wake_.notify();
        thread_.join();
    }

private:
    void loop();
    Result<std::vector<QueueTotals>> read();
    void read_counters(TotalsBatch& batch);
    void use(ManagementEndpoint endpoint);

    const ManagementEndpointSource endpoint_;
    const std::chrono::milliseconds interval_;
    const OnBatch on_batch_;
    const WantsCounters wants_counters_;
    std::optional<ManagementEndpoint> used_;
    std::optional<ManagementClient> client_;
    WakeEvent wake_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

void ManagementReader::Rounds::loop() {
    while (!stopping_.load(std::memory_order_acquire)) {
        TotalsBatch batch;
        batch.began = steady_clock::now();
        auto totals = read();
        if (totals.has_error()) {
            batch.unavailable = totals.error();
        } else {
            batch.queues = std::move(*totals);
            if (wants_counters_()) read_counters(batch);
        }
        batch.took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - batch.began);
        const auto next = batch.began + interval_;
        on_batch_(std::move(batch));
        wake_.wait_for(std::chrono::ceil<std::chrono::milliseconds>(next - steady_clock::now()));
    }
}

Result<std::vector<QueueTotals>> ManagementReader::Rounds::read() {
    auto endpoint = endpoint_();
    if (endpoint.has_error()) return endpoint.error();
    use(std::move(*endpoint));
    return client_->queue_totals();
}

/// What works goes on without them: a rate that is not known is learnt later.
void ManagementReader::Rounds::read_counters(TotalsBatch& batch) {
    auto counters = client_->queue_counters();
    if (counters.has_error()) batch.counters_trouble = counters.error().message;
    else batch.counters = std::move(*counters);
}

/// Keeps the client, and with it its connection, while nothing has changed.
void ManagementReader::Rounds::use(ManagementEndpoint endpoint) {
    if (used_ == endpoint) return;
    client_.emplace(endpoint);
    used_ = std::move(endpoint);
}

ManagementReader::ManagementReader(ManagementEndpointSource endpoint, std::chrono::milliseconds interval,
                                   OnBatch on_batch, WantsCounters wants_counters)
    : rounds_(std::make_unique<Rounds>(std::move(endpoint), interval, std::move(on_batch),
                                       std::move(wants_counters))) {}

ManagementReader::~ManagementReader() = default;

void ManagementReader::start() {
    rounds_->start();
}

void ManagementReader::stop() {
    rounds_->stop();
}

}  // namespace elasticity::rabbitmq
