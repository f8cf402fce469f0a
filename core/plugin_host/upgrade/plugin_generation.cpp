#include "core/plugin_host/upgrade/plugin_generation.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>
#include <set>

#include "core/plugin_host/in_process_backend.hpp"
#include "core/plugin_host/isolation/child_backend.hpp"
#include "core/plugin_host/loaded_plugin.hpp"
#include "sdk/host/backend.hpp"
#include "sdk/host/library.hpp"

namespace elasticity {
namespace {

constexpr std::chrono::seconds activate_timeout{30};
constexpr unsigned threads_default = 8;
/// A child that does not return is killed first, and a secret that is being read does not return at once.
constexpr std::chrono::seconds child_abandon_grace{20};

/// The libraries that upgrades have brought into this process. Threads: any.
class Residents {
public:
    Result<> check_room() {
        const std::scoped_lock lock(mutex_);
        if (files_.size() < in_process_upgrades_max) return {};
        return Error{ErrorKind::exhausted,
                     "this process has taken in " + std::to_string(files_.size()) +
                         " libraries by upgrades, none of which can be unloaded: restart the daemon, or run "
                         "the backend with \"isolation\": \"process\""};
    }
    void add(const std::string& file) {
        const std::scoped_lock lock(mutex_);
        files_.insert(file);
    }

private:
    std::mutex mutex_;
    std::set<std::string> files_;
};

Residents& residents() {
    static Residents instance;
    return instance;
}

unsigned threads_for(const BackendSettings& backend, const CatalogEntry& entry) {
    return std::max(1u, std::min(backend.concurrency.value_or(threads_default), entry.max_concurrency));
}

sdk::HostResult<std::shared_ptr<BackendCalls>> open_in_process(GenerationOrder& order) {
    if (order.number > 1) residents().add(order.entry.file.string());
    const auto library = sdk::Library::load(order.entry.file);
    if (!library) return library.error();
    auto opened = sdk::Backend::open(*library, *(*library)->plugins().front(),
                                     boost::json::serialize(order.entry.config), std::move(order.host));
    if (!opened) return opened.error();
    return std::make_shared<InProcessBackend>(std::move(*opened));
}

sdk::HostResult<std::shared_ptr<BackendCalls>> open_in_child(GenerationOrder& order,
                                                             const std::shared_ptr<GenerationHealth>& health) {
    ChildBackendOptions options;
    options.library = order.entry.file;
    options.config = boost::json::serialize(order.entry.config);
    options.host = std::move(order.host);
    options.memory_bytes_max = memory_bytes_max(order.settings, threads_for(order.settings, order.entry));
    options.lost = [health](const std::string& why) { health->note_lost(why); };
    auto opened = ChildBackend::open(std::move(options));
    if (!opened) return opened.error();
    return std::move(*opened);
}

}  // namespace

Result<> check_room_in_process() { return residents().check_room(); }

Result<std::shared_ptr<PluginGeneration>> open_generation(GenerationOrder order) {
    const bool in_process = order.settings.isolation == Isolation::in_process;
    const auto health = std::make_shared<GenerationHealth>();
    auto opened = in_process ? open_in_process(order) : open_in_child(order, health);
    if (!opened) return Error{ErrorKind::unavailable, "cannot be opened: " + opened.error().message};
    sdk::HostCall call("activate", 1, sdk::HostCall::Clock::now() + activate_timeout);
    if (const auto active = (*opened)->activate(call); !active)
        return Error{ErrorKind::unavailable, "cannot be activated: " + active.error().message};
    sdk::CallPoolOptions pool;
    pool.threads = threads_for(order.settings, order.entry);
    if (!in_process) pool.abandon_grace = child_abandon_grace;
    return std::make_shared<PluginGeneration>(order.number, std::move(order.settings), std::move(order.entry),
                                              std::move(*opened), health, pool);
}

}  // namespace elasticity
