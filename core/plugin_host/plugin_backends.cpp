#include "core/plugin_host/plugin_backends.hpp"

#include <algorithm>

#include "core/daemon/log.hpp"
#include "core/daemon/secrets.hpp"
#include "core/daemon/version.hpp"
#include "core/plugin_host/plugin_folder.hpp"
#include "core/plugin_host/worker_spec.hpp"

namespace elasticity {
namespace {

constexpr Millis list_timeout{30'000};
/// Long enough for a pull of a large image.
constexpr Millis create_timeout{900'000};
/// Grace from SIGTERM to SIGKILL, and what a destroy takes beyond it.
constexpr Millis stop_grace{30'000};
constexpr Millis destroy_timeout = stop_grace + Millis{60'000};

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

}  // namespace

PluginBackends::PluginBackends(const Settings& settings, BackendSurroundings surroundings, const StagingFolder& staging)
    : settings_(settings), surroundings_(std::move(surroundings)), upgrades_(upgrade_surroundings(staging)) {}

PluginBackends::~PluginBackends() = default;

UpgradeSurroundings PluginBackends::upgrade_surroundings(const StagingFolder& staging) const {
    return {settings_,
            staging,
            plugin_folder(settings_),
            [this](const std::string& backend) { return host_options(backend); },
            surroundings_.on_repairable,
            surroundings_.on_fields,
            settings_.plugin_upgrade.drain_timeout,
            settings_.plugin_upgrade.rollback_window};
}

void PluginBackends::open(const BackendCatalog& catalog) {
    for (const Finding& finding : catalog.errors) log_line(LogLevel::error, "settings", finding.pointer + ": " + finding.message);
    for (const auto& [name, backend] : settings_.backends) {
        const auto entry = catalog.entries.find(name);
        if (entry == catalog.entries.end()) {
            report_broken(name, "its plugin or its settings cannot be used; see elasticity config check");
            continue;
        }
        if (const auto opened = open(backend, entry->second); !opened) {
            report_broken(name, opened.error().message);
            continue;
        }
        const auto& staged = entry->second.staged;
        log_line(LogLevel::info, "backend " + name,
                 "uses " + entry->second.plugin_id + " " + entry->second.plugin_version +
                     (staged ? ", sha256 " + staged->sha256() : ""));
    }
    upgrades_.start();
}

Result<> PluginBackends::open(const BackendSettings& backend, const CatalogEntry& entry) {
    auto host = host_options(backend.name);
    if (!host) return host.error();
    auto first = open_generation({1, backend, entry, std::move(*host)});
    if (!first) return first.error();
    auto slot = std::make_unique<BackendSlot>(std::move(*first));
    upgrades_.add(*slot);
    slots_[backend.name] = std::move(slot);
    return {};
}

Result<sdk::HostOptions> PluginBackends::host_options(const std::string& backend) const {
    const auto state_dir = surroundings_.state_dir(backend);
    if (!state_dir) return state_dir.error();
    sdk::HostOptions options;
    options.core_version = version_text;
    options.backend_name = backend;
    options.owner = surroundings_.install_id;
    options.state_dir = state_dir->string();
    options.log_level = ELS_LOG_DEBUG;
    options.log = [backend](const sdk::HostLogLine& line) { log_plugin_line(backend, line); };
    options.secret = resolve_for_plugin;
    return options;
}

bool PluginBackends::upgrade(const Settings& settings, const std::vector<std::string>& names) {
    const auto is_open = [this](const std::string& name) { return slots_.contains(name); };
    if (!std::all_of(names.begin(), names.end(), is_open)) return false;
    for (const std::string& name : names) {
        UpgradeRequest request;
        request.settings = settings.backends.at(name);
        // It is open, so that there is nothing to refuse.
        (void)upgrades_.request(name, "its settings changed", std::move(request));
    }
    return true;
}

void PluginBackends::report_broken(const std::string& name, const std::string& why) {
    log_line(LogLevel::error, "backend " + name, why);
    surroundings_.post([name, why](ControlLoop& loop) { loop.backend_broken(name, why); });
}

BackendSlot* PluginBackends::find(const std::string& backend) {
    const auto hit = slots_.find(backend);
    return hit == slots_.end() ? nullptr : hit->second.get();
}

void PluginBackends::list(const std::string& backend, CallToken token) {
    const auto post = surroundings_.post;
    BackendSlot* slot = find(backend);
    if (!slot) return;  // The loop was told that it is broken, and a broken backend has no list.
    const auto done = [post, backend, token](sdk::HostResult<std::vector<sdk::HostInstance>> result) {
        Result<std::vector<Worker>> workers = std::vector<Worker>();
        if (result)
            for (const sdk::HostInstance& instance : *result) workers->push_back(worker_from(instance, backend));
        else
            workers = Error{ErrorKind::unavailable, result.error().message};
        post([token, workers = std::move(workers)](ControlLoop& loop) mutable { loop.on_listed(token, std::move(workers)); });
    };
    slot->submit<std::vector<sdk::HostInstance>>(
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
    BackendSlot* slot = find(backend);
    if (!slot) return done(sdk::host_error(ELS_UNAVAILABLE, "backend " + backend + " is not open"));
    slot->submit<sdk::HostInstance>(
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
    BackendSlot* slot = find(backend);
    if (!slot) return done(sdk::host_error(ELS_UNAVAILABLE, "backend " + backend + " is not open"));
    slot->submit<void>(
        {sdk::CallKind::change, "destroy", key, "destroy-" + key, 1, destroy_timeout},
        [key, id](BackendCalls& plugin, sdk::HostCall& call) { return plugin.destroy(call, {key, id}, stop_grace); }, done);
}

}  // namespace elasticity
