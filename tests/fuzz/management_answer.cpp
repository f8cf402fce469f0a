#include "core/io/rabbitmq/management_answer.hpp"

#include <set>

#include "tests/fuzz/fuzz.hpp"

using namespace elasticity::rabbitmq;
using elasticity::fuzz::require;

void fuzz_one(std::string_view input) {
    (void)parse_consumer_holder(input);
    const auto page = parse_queue_page(input);
    if (!page) return;
    std::set<std::string> names;
    for (const QueueTotals& totals : merge_pages({*page, *page}))
        require(names.insert(totals.queue).second, "a queue counts once");
}
