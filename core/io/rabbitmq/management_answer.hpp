#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.hpp"

namespace elasticity::rabbitmq {

/// What the management API says of a queue. A field that it left out, as it does for new queues and with
/// statistics disabled, stays absent: it is not zero.
struct QueueTotals {
    std::string queue;
    std::optional<uint64_t> ready;
    std::optional<uint64_t> unacknowledged;
    std::optional<uint64_t> consumers;
    bool suspect = false;  ///< a value was negative or impossible, and was left out
    /// All-time totals of the statistics: acknowledged or handed out for good, and published. Both or neither.
    std::optional<uint64_t> finished = std::nullopt;
    std::optional<uint64_t> published = std::nullopt;
};

/// One page of `GET /api/queues/VHOST?page=...`.
struct QueuePage {
    std::vector<QueueTotals> queues;
    int page = 0;
    int page_count = 0;
};

Result<QueuePage> parse_queue_page(std::string_view json);

/// All pages as one list. Queues may appear and vanish between two pages: one that is named twice counts
/// once, and the later answer wins.
std::vector<QueueTotals> merge_pages(std::vector<QueuePage> pages);

/// Who consumes, from `GET /api/queues/VHOST/QUEUE`; `not_found` when nobody does.
Result<std::string> parse_consumer_holder(std::string_view json);

}  // namespace elasticity::rabbitmq
