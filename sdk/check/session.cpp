#include "sdk/check/session.hpp"

#include <poll.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <thread>

#include "sdk/check/secret_reference.hpp"
#include "sdk/host/backend.hpp"
#include "sdk/host/collect.hpp"
#include "sdk/host/library.hpp"

namespace elasticity::check {
namespace {

constexpr std::size_t instances_max = 100'000;
constexpr std::size_t pages_max = 10'000;

std::string seconds_text(milliseconds time) {
    return std::to_string(time.count() / 1000) + " s";
}

sdk::HostResult<sdk::HostInstance> only_one(const sdk::HostResult<>& done,
                                            sdk::HostResult<std::vector<sdk::HostInstance>> instances,
                                            const char* what) {
    if (done.has_error()) return done.error();
    require_ok(instances, what);
    require(instances->size() == 1, std::string(what) + " said OK and emitted " +
                                        std::to_string(instances->size()) + " instances, wanted one");
    return std::move(instances->front());
}

}  // namespace

const char* state_name(sdk::HostState state) {
    switch (state) {
        case sdk::HostState::unknown:
            return "unknown";
        case sdk::HostState::provisioning:
            return "provisioning";
        case sdk::HostState::running:
            return "running";
        case sdk::HostState::suspended:
            return "suspended";
        case sdk::HostState::stopped:
            return "stopped";
        case sdk::HostState::draining:
            return "draining";
        case sdk::HostState::deleting:
            return "deleting";
        case sdk::HostState::failed:
            return "failed";
        case sdk::HostState::gone:
            return "gone";
    }
    __builtin_unreachable();
}

const els_plugin& load_plugin(const Subject& subject) {
    const auto library = sdk::Library::load(subject.file);
    require_ok(library, "loading");
    const els_plugin* plugin =
        subject.plugin_id.empty() ? (*library)->plugins().front() : (*library)->find(subject.plugin_id);
    require(plugin != nullptr, "the file has no plugin '" + subject.plugin_id + "'");
    return *plugin;
}

std::string description_of(const els_plugin& plugin) {
    const sdk::HostResult<std::string> description = sdk::describe(plugin);
    require_ok(description, "describe");
    return *description;
}

unsigned calls_at_once(const els_plugin& plugin, unsigned wanted) {
    const unsigned allowed = std::min(wanted, max_concurrency(description_of(plugin)));
    if (allowed < 2) skip("max_concurrency is 1: the core makes one call at a time");
    return allowed;
}

std::unique_ptr<sdk::HostCall> new_call(milliseconds timeout) {
    return std::make_unique<sdk::HostCall>("check-" + random_hex(6), 1,
                                           sdk::HostCall::Clock::now() + timeout);
}

void require_return_within(milliseconds limit, const std::string& what,
                           const std::function<void()>& function) {
    std::promise<void> promise;
    const std::future<void> done = promise.get_future();
    std::thread thread([&] {
        function();
        promise.set_value();
    });
    if (done.wait_for(limit) != std::future_status::ready)
        fail(what + " did not return within " + std::to_string(limit.count()) + " ms");
    thread.join();
}

bool eventually(milliseconds limit, const std::function<bool()>& holds) {
    constexpr int interval_ms = 20;
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        poll(nullptr, 0, interval_ms);
    }
    return true;
}

Session::Session(const Subject& subject, Begin begin, std::string owner)
    : plugin_(load_plugin(subject)), settle_limit_(std::chrono::seconds(subject.settle_s)) {
    sdk::HostResult<std::string> config = read_config(subject);
    require_ok(config, "reading the config");
    sdk::HostResult<sdk::HostSpec> spec = read_spec(subject);
    require_ok(spec, "reading the spec");
    config_ = std::move(*config);
    spec_ = std::move(*spec);
    services_ = std::make_unique<sdk::HostServices>(options(subject, std::move(owner)));
    const els_view text{config_.data(), config_.size()};
    require_ok(invoke([&](els_error* e) { return plugin_.open(services_->get(), text, &backend_, e); }),
               "open");
    require(backend_ != nullptr, "open said OK and left the backend null");
    provisioner_ = &interface<els_provisioner_v1>(ELS_IF_PROVISIONER);
    if (begin == Begin::active) activate();
}

sdk::HostOptions Session::options(const Subject& subject, std::string owner) {
    sdk::HostOptions options;
    options.core_version = "1.0.0";
    options.backend_name = "check";
    options.owner = owner.empty() ? subject.owner : std::move(owner);
    options.state_dir = subject.state_dir();
    options.log_level = ELS_LOG_TRACE;
    options.log = [this](const sdk::HostLogLine& line) {
        hear(line.message);
        for (const auto& [key, value] : line.fields) hear(key + "=" + value);
    };
    options.secret = [this](std::string_view reference) {
        sdk::HostResult<std::string> secret = resolve_secret(reference);
        const std::lock_guard lock(mutex_);
        if (secret.has_value() && !secret->empty()) told_secrets_.push_back(*secret);
        return secret;
    };
    return options;
}

Session::~Session() {
    if (active_) quiesce();
    plugin_.close(backend_);
}

void Session::activate() {
    const auto call = new_call();
    require_ok(heard_result(invoke([&](els_error* e) { return plugin_.activate(backend_, call->get(), e); })),
               "activate");
    active_ = true;
}

void Session::quiesce() {
    active_ = false;
    const auto call = new_call();
    require_ok(heard_result(invoke([&](els_error* e) { return plugin_.quiesce(backend_, call->get(), e); })),
               "quiesce");
}

sdk::HostSpec Session::new_spec() const {
    sdk::HostSpec spec = spec_;
    spec.key = "check-" + random_hex(6);
    spec.name = "check-" + random_hex(6);
    spec.tool = "{\"target\":\"check\",\"tool\":\"check\"}";
    spec.pool = "check";
    spec.service = "check";
    spec.hash = 0xfedcba9876543210;  // More than a signed number or a double can hold.
    return spec;
}

sdk::HostResult<sdk::HostInstance> Session::create(const sdk::HostSpec& spec, const sdk::HostCall& call) {
    const sdk::BorrowedSpec borrowed(spec);
    sdk::InstanceCollector created(instances_max);
    const sdk::HostResult<> done = invoke([&](els_error* error) {
        return provisioner_->create(backend_, call.get(), borrowed.get(), created.sink(), error);
    });
    return heard_result(only_one(done, created.take(), "create"));
}

sdk::HostResult<sdk::HostInstance> Session::inspect(const sdk::HostRef& ref, const sdk::HostCall& call) {
    const els_ref borrowed = sdk::borrowed_ref(ref);
    sdk::InstanceCollector found(instances_max);
    const sdk::HostResult<> done = invoke([&](els_error* error) {
        return provisioner_->inspect(backend_, call.get(), &borrowed, found.sink(), error);
    });
    return heard_result(only_one(done, found.take(), "inspect"));
}

sdk::HostResult<> Session::destroy(const sdk::HostRef& ref, const sdk::HostCall& call) {
    const els_ref borrowed = sdk::borrowed_ref(ref);
    return heard_result(invoke(
        [&](els_error* error) { return provisioner_->destroy(backend_, call.get(), &borrowed, 0, error); }));
}

sdk::HostResult<std::vector<sdk::HostInstance>> Session::list_page(const std::string& page, std::string& next,
                                                                   const sdk::HostCall& call) {
    constexpr std::size_t token_max_bytes = 4096;
    sdk::InstanceCollector found(instances_max);
    sdk::TextCollector token(token_max_bytes);
    const sdk::HostResult<> done = heard_result(invoke([&](els_error* error) {
        return provisioner_->list(backend_, call.get(), {page.data(), page.size()}, found.sink(),
                                  token.sink(), error);
    }));
    if (done.has_error()) return done.error();
    next = token.text();
    return found.take();
}

sdk::HostInstance Session::created(const sdk::HostSpec& spec) {
    const sdk::HostResult<sdk::HostInstance> instance = create(spec);
    require_ok(instance, "create");
    return *instance;
}

sdk::HostInstance Session::inspected(const sdk::HostRef& ref) {
    const sdk::HostResult<sdk::HostInstance> instance = inspect(ref);
    require_ok(instance, "inspect of an instance that exists");
    return *instance;
}

void Session::destroyed(const sdk::HostRef& ref) {
    require_ok(destroy(ref), "destroy");
}

std::vector<sdk::HostInstance> Session::listed() {
    std::vector<sdk::HostInstance> all;
    std::string page, next;
    for (std::size_t pages = 0; pages < pages_max; ++pages) {
        next.clear();
        sdk::HostResult<std::vector<sdk::HostInstance>> found = list_page(page, next, *new_call());
        require_ok(found, "list");
        std::move(found->begin(), found->end(), std::back_inserter(all));
        if (next.empty()) return all;
        require(next != page, "list gives the same page again and again");
        page = next;
    }
    fail("list has not ended after " + std::to_string(pages_max) + " pages");
}

void Session::await_gone(const std::string& key) {
    const auto is_gone = [&] {
        const auto found = inspect({key, {}});
        if (found.has_value()) return found->state == sdk::HostState::gone;
        require_code(ELS_NOT_FOUND, found, "inspect of a destroyed instance");
        return true;
    };
    require(eventually(settle_limit_, is_gone),
            "a destroyed instance is still there after " + seconds_text(settle_limit_));
    for (const sdk::HostInstance& instance : listed())
        require(instance.key != key || instance.state == sdk::HostState::gone,
                "a destroyed instance is still listed");
}

void Session::await_state(const std::string& key, sdk::HostState state) {
    sdk::HostState seen = sdk::HostState::unknown;
    const bool has_state = eventually(settle_limit_, [&] {
        return (seen = inspected({key, {}}).state) == state;
    });
    require(has_state, std::string("the instance is ") + state_name(seen) + " after " +
                           seconds_text(settle_limit_) + ", wanted " + state_name(state));
}

std::string Session::heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
}

std::vector<std::string> Session::told_secrets() const {
    const std::lock_guard lock(mutex_);
    return told_secrets_;
}

void Session::hear(const std::string& text) {
    const std::lock_guard lock(mutex_);
    heard_ += text + "\n";
}

template <class T>
sdk::HostResult<T> Session::heard_result(sdk::HostResult<T> result) {
    if (result.has_error()) hear(text_of(result.error()) + " " + result.error().field);
    return result;
}

}  // namespace elasticity::check
