#include "core/plugin_host/plugin_backends.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "core/daemon/log.hpp"
#include "core/daemon/secrets.hpp"
#include "core/daemon/version.hpp"
#include "core/plugin_host/backend_calls.hpp"
#include "core/plugin_host/in_process_backend.hpp"
#include "core/plugin_host/isolation/child_backend.hpp"
#include "core/plugin_host/loaded_plugin.hpp"
#include "core/plugin_host/worker_spec.hpp"

namespace elasticity {
namespace {

constexpr Millis activate_timeout{30'000};
constexpr Millis list_timeout{30'000};
/// Long enough for a pull of a large image.
constexpr Millis create_timeout{900'000};
/// Grace from SIGTERM to SIGKILL, and what a destroy takes beyond it.
constexpr Millis stop_grace{30'000};
constexpr Millis destroy_timeout = stop_grace + Millis{60'000};
constexpr unsigned threads_default = 8;
constexpr Millis child_abandon_grace{20'000};

std::string contract_code(const sdk::HostError& error) {
    const std::string& own = error.provider_code;
    const bool word = !own.empty() && std::all_of(own.begin(), own.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    if (word) return own;
    switch (error.code) {
        case ELS_INVALID_ARGUMENT: return "invalid_field";
        case ELS_DEADLINE_EXCEEDED: return "deadline_exceeded";
        case ELS_NOT_FOUND: return "not_found";
        case ELS_ALREADY_EXISTS: return "already_exists";
        case ELS_PERMISSION_DENIED: return "permission_denied";
        case ELS_RESOURCE_EXHAUSTED: return "no_capacity";
        case ELS_UNAVAILABLE: return "backend_unavailable";
        case ELS_UNAUTHENTICATED: return "unauthenticated";
        default: return "backend_failed";
    }
}

CallError call_error(const sdk::HostError& error) {
    CallError result;
    result.finding = {contract_code(error), "", error.message};
    result.backend_unavailable = result.finding.code == "backend_unavailable";
    result.maybe_done = error.maybe_done();
    result.retry_after = Millis(error.retry_after_ms);
    return result;
}

WorkerState state_of(sdk::HostState state) {
    switch (state) {
        case sdk::HostState::provisioning: return WorkerState::provisioning;
        case sdk::HostState::running: return WorkerState::running;
        case sdk::HostState::suspended: return WorkerState::suspended;
        case sdk::HostState::stopped:
        case sdk::HostState::gone: return WorkerState::stopped;
        case sdk::HostState::draining: return WorkerState::draining;
        case sdk::HostState::deleting: return WorkerState::deleting;
        case sdk::HostState::failed: return WorkerState::failed;
        case sdk::HostState::unknown: return WorkerState::unknown;
    }
    return WorkerState::unknown;
}

Worker worker_from(const sdk::HostInstance& instance, const std::string& backend) {
    Worker worker;
    worker.backend = backend;
    worker.key = instance.key;
    worker.id = instance.id;
    worker.name = instance.name;
    worker.tool_label = instance.tool;
    worker.address = instance.address;
    worker.state = state_of(instance.state);
    worker.spec_hash = instance.spec_hash;
    worker.created = from_unix_ms(instance.created_unix_ms.value_or(0));
    worker.state_since = from_unix_ms(instance.state_since_unix_ms.value_or(0));
    if (instance.exit_code) worker.exit_code = *instance.exit_code;
    worker.error = instance.error;
    return worker;
}

LogLevel level_of(std::uint32_t level) {
    if (level <= ELS_LOG_DEBUG) return LogLevel::debug;
    if (level == ELS_LOG_INFO) return LogLevel::info;
    return level == ELS_LOG_WARN ? LogLevel::warning : LogLevel::error;
}

void log_plugin_line(const std::string& backend, const sdk::HostLogLine& line) {
    std::string text = line.message;
    for (const auto& [key, value] : line.fields) text += " " + key + "=" + value;
    log_line(level_of(line.level), "backend " + backend, text);
}

sdk::HostResult<std::string> resolve_for_plugin(std::string_view reference) {
    auto secret = resolve_secret(reference);
    if (!secret) return sdk::host_error(ELS_UNAVAILABLE, secret.error().message);
    return std::move(*secret);
}

sdk::HostOptions host_options(const std::string& name, const BackendSurroundings& surroundings, const std::string& state_dir) {
    sdk::HostOptions options;
    options.core_version = version_text;
    options.backend_name = name;
    options.owner = surroundings.install_id;
    options.state_dir = state_dir;
    options.log_level = ELS_LOG_DEBUG;
    options.log = [name](const sdk::HostLogLine& line) { log_plugin_line(name, line); };
    options.secret = resolve_for_plugin;
    return options;
}

unsigned threads_for(const BackendSettings& backend, const CatalogEntry& entry) {
    return std::min(entry.max_concurrency, backend.concurrency.value_or(threads_default));
}

sdk::HostResult<std::shared_ptr<BackendCalls>> open_in_process(const CatalogEntry& entry, sdk::HostOptions host) {
    const auto library = sdk::Library::load(entry.file);
    if (!library) return library.error();
    auto opened = sdk::Backend::open(*library, *(*library)->plugins().front(), boost::json::serialize(entry.config),
                                     std::move(host));
    if (!opened) return opened.error();
    return std::make_shared<InProcessBackend>(std::move(*opened));
}

sdk::HostResult<std::shared_ptr<BackendCalls>> open_in_child(const BackendSettings& backend, const CatalogEntry& entry,
                                                             sdk::HostOptions host) {
    ChildBackendOptions options;
    options.library = entry.file;
    options.config = boost::json::serialize(entry.config);
    options.host = std::move(host);
    options.memory_bytes_max = memory_bytes_max(backend, threads_for(backend, entry));
    auto opened = ChildBackend::open(std::move(options));
    if (!opened) return opened.error();
    return std::move(*opened);
}

}  // namespace

/// One generation of a backend's plugin.
struct PluginBackends::Opened {
    Opened(std::shared_ptr<BackendCalls> calls, sdk::CallPoolOptions options) : pool(std::move(calls), options) {}

    BackendPool pool;
};

PluginBackends::PluginBackends(const Settings& settings, BackendSurroundings surroundings)
    : settings_(settings), surroundings_(std::move(surroundings)) {}

PluginBackends::~PluginBackends() = default;

void PluginBackends::open(const BackendCatalog& catalog) {
    for (const Finding& finding : catalog.errors) log_line(LogLevel::error, "settings", finding.pointer + ": " + finding.message);
    for (const auto& [name, backend] : settings_.backends) {
        const auto entry = catalog.entries.find(name);
        if (entry == catalog.entries.end()) {
            report_broken(name, "its plugin or its settings cannot be used; see elasticity config check");
            continue;
        }
        auto opened = open(backend, entry->second);
        if (!opened) {
            report_broken(name, opened.error().message);
            continue;
        }
        backends_[name] = std::move(*opened);
        log_line(LogLevel::info, "backend " + name, "uses " + entry->second.plugin_id + " " + entry->second.plugin_version);
    }
}

Result<std::unique_ptr<PluginBackends::Opened>> PluginBackends::open(const BackendSettings& backend, const CatalogEntry& entry) {
    const auto state_dir = surroundings_.state_dir(backend.name);
    if (!state_dir) return state_dir.error();
    const bool in_process = backend.isolation == Isolation::in_process;
    sdk::HostOptions host = host_options(backend.name, surroundings_, state_dir->string());
    auto opened = in_process ? open_in_process(entry, std::move(host)) : open_in_child(backend, entry, std::move(host));
    if (!opened) return Error{ErrorKind::unavailable, "cannot be opened: " + opened.error().message};
    sdk::HostCall call("activate", 1, sdk::HostCall::Clock::now() + activate_timeout);
    if (const auto active = (*opened)->activate(call); !active)
        return Error{ErrorKind::unavailable, "cannot be activated: " + active.error().message};
    sdk::CallPoolOptions pool;
    pool.threads = threads_for(backend, entry);
    // A child that does not return is killed first, and a secret that is being read does not return at once.
    if (!in_process) pool.abandon_grace = child_abandon_grace;
    return std::make_unique<Opened>(std::move(*opened), pool);
}

void PluginBackends::report_broken(const std::string& name, const std::string& why) {
    log_line(LogLevel::error, "backend " + name, why);
    surroundings_.post([name, why](ControlLoop& loop) { loop.backend_broken(name, why); });
}

PluginBackends::Opened* PluginBackends::find(const std::string& backend) {
    const auto hit = backends_.find(backend);
    return hit == backends_.end() ? nullptr : hit->second.get();
}

void PluginBackends::list(const std::string& backend, CallToken token) {
    const auto post = surroundings_.post;
    Opened* opened = find(backend);
    if (!opened) return;  // The loop was told that it is broken, and a broken backend has no list.
    const auto done = [post, backend, token](sdk::HostResult<std::vector<sdk::HostInstance>> result) {
        Result<std::vector<Worker>> workers = std::vector<Worker>();
        if (result)
            for (const sdk::HostInstance& instance : *result) workers->push_back(worker_from(instance, backend));
        else
            workers = Error{ErrorKind::unavailable, result.error().message};
        post([token, workers = std::move(workers)](ControlLoop& loop) mutable { loop.on_listed(token, std::move(workers)); });
    };
    opened->pool.submit<std::vector<sdk::HostInstance>>(
        {sdk::CallKind::list, "list", "", "list-" + std::to_string(token), 1, list_timeout},
        [](BackendCalls& plugin, sdk::HostCall& call) { return plugin.list(call); }, done);
}

void PluginBackends::create(const std::string& backend, const WorkerOrder& order, CallToken token) {
    const auto post = surroundings_.post;
    const auto done = [post, backend, token](sdk::HostResult<sdk::HostInstance> result) {
        boost::system::result<Worker, CallError> worker = CallError{};
        if (result) worker = worker_from(*result, backend);
        else worker = call_error(result.error());
        post([token, worker = std::move(worker)](ControlLoop& loop) mutable { loop.on_created(token, std::move(worker)); });
    };
    Opened* opened = find(backend);
    if (!opened) return done(sdk::host_error(ELS_UNAVAILABLE, "backend " + backend + " is not open"));
    opened->pool.submit<sdk::HostInstance>(
        {sdk::CallKind::change, "create", order.key, order.key, 1, create_timeout},
        [this, order, backend](BackendCalls& plugin, sdk::HostCall& call) -> sdk::HostResult<sdk::HostInstance> {
            const auto spec = make_worker_spec(order, backend, settings_);
            if (!spec) return sdk::host_error(ELS_FAILED_PRECONDITION, spec.error().message);
            return plugin.create(call, *spec);
        },
        done);
}

void PluginBackends::destroy(const std::string& backend, const std::string& key, const std::string& id, CallToken token) {
    const auto post = surroundings_.post;
    const auto done = [post, token](sdk::HostResult<> result) {
        boost::system::result<void, CallError> outcome;
        if (!result) outcome = call_error(result.error());
        post([token, outcome](ControlLoop& loop) { loop.on_destroyed(token, outcome); });
    };
    Opened* opened = find(backend);
    if (!opened) return done(sdk::host_error(ELS_UNAVAILABLE, "backend " + backend + " is not open"));
    opened->pool.submit<void>(
        {sdk::CallKind::change, "destroy", key, "destroy-" + key, 1, destroy_timeout},
        [key, id](BackendCalls& plugin, sdk::HostCall& call) { return plugin.destroy(call, {key, id}, stop_grace); }, done);
}

}  // namespace elasticity
