#include "sdk/host/pages.hpp"

#include <iterator>
#include <string>
#include <utility>

#include "sdk/host/invoke.hpp"
#include "sdk/host/views.hpp"

namespace elasticity::sdk {
namespace {

constexpr std::size_t page_token_max_bytes = 4 * 1024;
constexpr std::size_t instances_max = 1'000'000;

/// Appends one page, and returns the token of the next.
HostResult<std::string> append_page(const ListPage& list_page, const std::string& page,
                                    std::vector<HostInstance>& instances) {
    TextCollector next(page_token_max_bytes);
    HostResult<std::vector<HostInstance>> found = collect_instances(
        instances_max - instances.size(), [&](els_instance_sink* sink, els_error* error) {
            return list_page(view_of(page), sink, next.sink(), error);
        });
    if (found.has_error()) return found.error();
    std::move(found->begin(), found->end(), std::back_inserter(instances));
    return next.text();
}

}  // namespace

HostResult<std::vector<HostInstance>> collect_pages(const HostCall& call, const ListPage& list_page) {
    std::vector<HostInstance> instances;
    std::string page;
    do {
        if (call.cancelled()) return host_error(ELS_CANCELLED, "cancelled between two pages of a list");
        if (call.expired())
            return host_error(ELS_DEADLINE_EXCEEDED, "the deadline passed between two pages of a list",
                              ELS_ERR_RETRY_SAME);
        const HostResult<std::string> next = append_page(list_page, page, instances);
        if (next.has_error()) return next.error();
        if (!next->empty() && *next == page)
            return host_error(ELS_INTERNAL, "the plugin's list gives the same page again and again");
        page = *next;
    } while (!page.empty());
    return instances;
}

}  // namespace elasticity::sdk
