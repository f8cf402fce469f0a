#include "sdk/host/backend.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "sdk/host/collect.hpp"

namespace elasticity::sdk {
namespace {

constexpr std::size_t text_max_bytes = 1024 * 1024;
constexpr std::size_t page_token_max_bytes = 4 * 1024;
constexpr std::size_t instances_max = 1'000'000;
constexpr std::chrono::seconds quiesce_timeout(10);

/// Makes a call with an els_error to fill, and turns both into a result.
template <class Function>
HostResult<> invoke(Function&& function) {
    els_error error{};
    error.size = sizeof error;
    const els_code code = function(&error);
    if (code == ELS_OK) return {};
    return error_from(code, error);
}

template <class Function>
HostResult<std::string> collect_text(Function&& function) {
    TextCollector text(text_max_bytes);
    const HostResult<> done = invoke([&](els_error* error) { return function(text.sink(), error); });
    if (done.has_error()) return done.error();
    return text.text();
}

HostResult<HostInstance> only_one(HostResult<std::vector<HostInstance>> instances) {
    if (instances.has_error()) return instances.error();
    if (instances->size() == 1) return std::move(instances->front());
    return host_error(ELS_INTERNAL, "the plugin emitted " + std::to_string(instances->size()) +
                                        " instances and said OK, wanted one");
}

/// For calls that emit one instance. `flags_if_broken`: what an answer that breaks the contract leaves open.
template <class Function>
HostResult<HostInstance> collect_one(std::uint32_t flags_if_broken, Function&& function) {
    InstanceCollector instances(1);
    const HostResult<> done = invoke([&](els_error* error) { return function(instances.sink(), error); });
    HostResult<std::vector<HostInstance>> taken = instances.take();
    if (taken.has_value() && done.has_error()) return done.error();
    HostResult<HostInstance> one = only_one(std::move(taken));
    if (one.has_value()) return one;
    HostError broken = one.error();
    broken.flags |= flags_if_broken;
    return broken;
}

}  // namespace

HostResult<std::string> describe(const els_plugin& plugin) {
    return collect_text([&](els_sink* json, els_error* error) { return plugin.describe(json, error); });
}

HostResult<std::string> check_config(const els_plugin& plugin, const std::string& config) {
    return collect_text([&](els_sink* findings, els_error* error) {
        return plugin.check_config({config.data(), config.size()}, findings, error);
    });
}

Backend::Backend(std::shared_ptr<const Library> library, const els_plugin& plugin, HostOptions options)
    : library_(std::move(library)), plugin_(plugin), services_(std::move(options)) {}

HostResult<std::shared_ptr<Backend>> Backend::open(std::shared_ptr<const Library> library,
                                                   const els_plugin& plugin, const std::string& config,
                                                   HostOptions options) {
    const std::shared_ptr<Backend> backend(new Backend(std::move(library), plugin, std::move(options)));
    const HostResult<> opened = invoke([&](els_error* error) {
        const els_view text{config.data(), config.size()};
        return plugin.open(backend->services_.get(), text, &backend->backend_, error);
    });
    if (opened.has_error()) return opened.error();
    const HostResult<> complete = backend->require_provisioner();
    if (complete.has_error()) return complete.error();
    return backend;
}

HostResult<> Backend::require_provisioner() {
    if (backend_ == nullptr) return host_error(ELS_INTERNAL, "the plugin opened a backend that is null");
    provisioner_ = static_cast<const els_provisioner_v1*>(plugin_.query(backend_, ELS_IF_PROVISIONER));
    const bool complete = ELS_HAS_FN(provisioner_, els_provisioner_v1, list) &&
                          provisioner_->validate != nullptr && provisioner_->create != nullptr &&
                          provisioner_->destroy != nullptr && provisioner_->inspect != nullptr;
    if (complete) return {};
    return host_error(ELS_INTERNAL, std::string("the plugin does not offer all of ") + ELS_IF_PROVISIONER);
}

Backend::~Backend() {
    if (backend_ == nullptr) return;
    if (active_) {
        HostCall call("quiesce-at-close", 1, HostCall::Clock::now() + quiesce_timeout);
        const HostResult<> quiesced = quiesce(call);
        if (quiesced.has_error())
            services_.log(ELS_LOG_ERROR, "closed without being quiesced: " + quiesced.error().message);
    }
    plugin_.close(backend_);
}

bool Backend::offers(const char* interface_id) const {
    return plugin_.query(backend_, interface_id) != nullptr;
}

HostResult<> Backend::activate(HostCall& call) {
    const HostResult<> done =
        invoke([&](els_error* error) { return plugin_.activate(backend_, call.get(), error); });
    active_ = done.has_value();
    return done;
}

HostResult<> Backend::quiesce(HostCall& call) {
    active_ = false;
    return invoke([&](els_error* error) { return plugin_.quiesce(backend_, call.get(), error); });
}

HostResult<std::string> Backend::probe(HostCall& call) {
    return collect_text(
        [&](els_sink* json, els_error* error) { return plugin_.probe(backend_, call.get(), json, error); });
}

HostResult<std::string> Backend::validate(HostCall& call, const HostSpec& spec) {
    const BorrowedSpec borrowed(spec);
    return collect_text([&](els_sink* findings, els_error* error) {
        return provisioner_->validate(backend_, call.get(), borrowed.get(), findings, error);
    });
}

HostResult<HostInstance> Backend::create(HostCall& call, const HostSpec& spec) {
    const BorrowedSpec borrowed(spec);
    return collect_one(ELS_ERR_MAYBE_DONE, [&](els_instance_sink* created, els_error* error) {
        return provisioner_->create(backend_, call.get(), borrowed.get(), created, error);
    });
}

HostResult<> Backend::destroy(HostCall& call, const HostRef& ref, std::chrono::milliseconds grace) {
    const els_ref borrowed = borrowed_ref(ref);
    constexpr std::int64_t grace_max_ms = std::numeric_limits<std::uint32_t>::max();
    const auto grace_ms =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(grace.count(), 0, grace_max_ms));
    return invoke([&](els_error* error) {
        return provisioner_->destroy(backend_, call.get(), &borrowed, grace_ms, error);
    });
}

HostResult<HostInstance> Backend::inspect(HostCall& call, const HostRef& ref) {
    const els_ref borrowed = borrowed_ref(ref);
    return collect_one(0, [&](els_instance_sink* found, els_error* error) {
        return provisioner_->inspect(backend_, call.get(), &borrowed, found, error);
    });
}

HostResult<std::vector<HostInstance>> Backend::list(HostCall& call) {
    std::vector<HostInstance> instances;
    std::string page;
    do {
        if (call.cancelled()) return host_error(ELS_CANCELLED, "cancelled between two pages of a list");
        if (call.expired())
            return host_error(ELS_DEADLINE_EXCEEDED, "the deadline passed between two pages of a list",
                              ELS_ERR_RETRY_SAME);
        const HostResult<std::string> next = list_page(call, page, instances);
        if (next.has_error()) return next.error();
        // Every list ends: pages that stand still are an error, and the deadline ends pages in a circle.
        if (!next->empty() && *next == page)
            return host_error(ELS_INTERNAL, "the plugin's list gives the same page again and again");
        page = *next;
    } while (!page.empty());
    return instances;
}

HostResult<std::string> Backend::list_page(HostCall& call, const std::string& page,
                                           std::vector<HostInstance>& instances) {
    InstanceCollector found(instances_max - instances.size());
    TextCollector next(page_token_max_bytes);
    const HostResult<> done = invoke([&](els_error* error) {
        const els_view token{page.data(), page.size()};
        return provisioner_->list(backend_, call.get(), token, found.sink(), next.sink(), error);
    });
    HostResult<std::vector<HostInstance>> taken = found.take();
    if (taken.has_error()) return taken.error();
    if (done.has_error()) return done.error();
    std::move(taken->begin(), taken->end(), std::back_inserter(instances));
    return next.text();
}

}  // namespace elasticity::sdk
