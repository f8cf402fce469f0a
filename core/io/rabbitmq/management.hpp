#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/io/rabbitmq/management_answer.hpp"
#include "core/io/rabbitmq/secret.hpp"
#include "core/model/error.hpp"

namespace elasticity::rabbitmq {

class HttpGet;

struct ManagementEndpoint {
    std::string base_url;  ///< `http://host:15672` or `https://...`, without user and password
    std::string virtual_host = "/";
    std::string username = "guest";
    Secret password{"guest"};
    std::string ca_file;  ///< empty: the system's certificate authorities
    bool verify = true;
    std::chrono::milliseconds timeout{10'000};  ///< for one page

    bool operator==(const ManagementEndpoint&) const = default;
};

/// Asked before every round, so that a rotated password is read again.
using ManagementEndpointSource = std::function<Result<ManagementEndpoint>()>;

/// RabbitMQ's management API over one kept-alive HTTP connection. One thread at a time.
class ManagementClient {
public:
    explicit ManagementClient(ManagementEndpoint endpoint);
    ~ManagementClient();

    /// Totals of every queue of the virtual host; all pages or an error. A queue that moves to an earlier
    /// page while others are deleted can be absent from one answer: absent is not zero.
    Result<std::vector<QueueTotals>> queue_totals();
    /// `finished` and `published` of every queue, from the broker's statistics: the dearer question.
    Result<std::vector<QueueTotals>> queue_counters();
    /// Who consumes `queue`: consumer tag, connection name and peer, for a person to read.
    Result<std::string> consumer_holder(const std::string& queue);
    /// Whether address, login and virtual host are right; the error says which is not.
    Result<void> check();

private:
    Result<std::vector<QueueTotals>> all_pages(const std::string& query);
    Result<std::string> get(const std::string& path);

    ManagementEndpoint endpoint_;
    std::unique_ptr<HttpGet> http_;
};

/// One answer about every queue of the virtual host, or the reason why there is none: never a part.
struct TotalsBatch {
    std::optional<Error> unavailable;
    std::vector<QueueTotals> queues;
    std::vector<QueueTotals> counters;  ///< where they were wanted; empty when there is no answer about them
    std::string counters_trouble;       ///< why there is none
    /// When the request began: nothing in the answer is promised to be younger.
    std::chrono::steady_clock::time_point began;
    std::chrono::microseconds took{0};
};

/// Reads the totals again and again on its own thread.
class ManagementReader {
public:
    using OnBatch = std::function<void(TotalsBatch)>;
    using WantsCounters = std::function<bool()>;

    /// `on_batch` and `wants_counters` run on the reader's thread; the latter is asked before each round. The broker
    /// itself renews its statistics every 5 s.
    ManagementReader(ManagementEndpointSource endpoint, std::chrono::milliseconds interval, OnBatch on_batch,
                     WantsCounters wants_counters = [] { return false; });
    ~ManagementReader();

    void start();
    /// Waits for a running request, at most the endpoint's `timeout`.
    void stop();

private:
    class Rounds;
    std::unique_ptr<Rounds> rounds_;
};

}  // namespace elasticity::rabbitmq
