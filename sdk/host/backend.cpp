#include "sdk/host/backend.hpp"

#include <utility>

#include "sdk/host/invoke.hpp"
#include "sdk/host/pages.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity::sdk {
namespace {

constexpr std::chrono::seconds quiesce_timeout(10);

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
    return invoke([&](els_error* error) {
        return provisioner_->destroy(backend_, call.get(), &borrowed, grace_ms_of(grace), error);
    });
}

HostResult<HostInstance> Backend::inspect(HostCall& call, const HostRef& ref) {
    const els_ref borrowed = borrowed_ref(ref);
    return collect_one(0, [&](els_instance_sink* found, els_error* error) {
        return provisioner_->inspect(backend_, call.get(), &borrowed, found, error);
    });
}

HostResult<std::vector<HostInstance>> Backend::list(HostCall& call) {
    const auto list_page = [&](els_view page, els_instance_sink* found, els_sink* next, els_error* error) {
        return provisioner_->list(backend_, call.get(), page, found, next, error);
    };
    return collect_pages(call, list_page);
}

HostError Backend::not_offered(const char* interface_id, const char* ability) const {
    return host_error(ELS_UNIMPLEMENTED, "the plugin " + valid_utf8(plugin_.id) + " cannot " + ability +
                                             ": it does not offer " + interface_id);
}

}  // namespace elasticity::sdk
