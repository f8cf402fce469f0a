#include <boost/json/parse.hpp>
#include <chrono>
#include <elasticity/sdk/plugin.hpp>
#include <map>
#include <mutex>

namespace {
namespace sdk = elasticity::sdk;
namespace json = boost::json;

std::int64_t unix_ms_now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// Workers that exist in memory alone: for simulations, tests, and as the shortest complete plugin.
/// Being its own provider, it forgets all workers with its process. README.md tells what the config does.
class Noop {
public:
    static constexpr sdk::Info info{"org.elasticity.noop",
                                    "1.0.0",
                                    "Workers in memory",
                                    "Elasticity",
                                    "",
                                    ELS_PF_UNLOAD_SAFE | ELS_PF_VOLATILE,
                                    16};

    static constexpr std::string_view config_schema = R"({
        "type": "object", "additionalProperties": false, "properties": {
            "boot_delay_ms": {"type": "integer", "minimum": 0, "default": 0,
                              "description": "A worker is provisioning for this long."},
            "fail_every": {"type": "integer", "minimum": 0, "default": 0,
                           "description": "Every n-th creation fails as unavailable; 0 = none."},
            "max_instances": {"type": "integer", "minimum": 1, "default": 100000,
                              "description": "Beyond this the quota is exhausted."},
            "page_size": {"type": "integer", "minimum": 1, "default": 1000,
                          "description": "Instances in one page of a list."}}})";

    // What the container and process plugins understand, so that it can stand in for them.
    static constexpr std::string_view spec_schema = R"({
        "type": "object", "additionalProperties": false, "properties": {
            "image": {"type": "string", "description": "Shown, not used."},
            "command": {"type": "array", "items": {"type": "string"}, "description": "Not used."}}})";

    Noop(sdk::Host host, std::string_view config) : host_(host) {
        const json::value parsed = json::parse(config.empty() ? "{}" : json::string_view(config));
        boot_delay_ms_ = number(parsed, "boot_delay_ms", 0);
        fail_every_ = number(parsed, "fail_every", 0);
        max_instances_ = number(parsed, "max_instances", 100000);
        page_size_ = number(parsed, "page_size", 1000);
    }

    sdk::Instance create(const sdk::Call&, const sdk::Spec& spec) {
        const std::lock_guard lock(mutex_);
        if (const auto known = workers_.find(spec.key); known != workers_.end()) {
            if (known->second.spec_hash == spec.hash) return seen(known->second);
            throw sdk::Error(ELS_ALREADY_EXISTS, "the key is taken by a worker of another spec").at("/key");
        }
        refuse_as_configured();
        const sdk::Instance& worker = workers_.emplace(spec.key, ordered(spec)).first->second;
        host_.log(sdk::LogLevel::debug, "worker created", {{"key", spec.key}, {"name", spec.name}});
        return seen(worker);
    }

    void destroy(const sdk::Call&, const sdk::Ref& ref, std::chrono::milliseconds) {
        const std::lock_guard lock(mutex_);
        if (const sdk::Instance* worker = find(ref)) workers_.erase(worker->key);
    }

    std::optional<sdk::Instance> inspect(const sdk::Call&, const sdk::Ref& ref) {
        const std::lock_guard lock(mutex_);
        const sdk::Instance* worker = find(ref);
        return worker == nullptr ? std::nullopt : std::optional(seen(*worker));
    }

    /// A page token names the last key of the page before, which may be gone by now.
    std::string list(const sdk::Call& call, std::string_view page, const sdk::Emit& emit) {
        const std::string_view mark = "after ";
        if (!page.empty() && page.substr(0, mark.size()) != mark)
            throw sdk::Error(ELS_INVALID_ARGUMENT, "list: no page has this token");
        const std::string_view last_key = page.substr(page.empty() ? 0 : mark.size());
        const std::lock_guard lock(mutex_);
        std::int64_t emitted = 0;
        for (auto next = workers_.upper_bound(last_key); next != workers_.end(); ++next) {
            if (emitted++ == page_size_) return std::string(mark) + std::prev(next)->first;
            call.check();
            emit(seen(next->second));
        }
        return {};
    }

private:
    static std::int64_t number(const json::value& config, json::string_view name, std::int64_t fallback) {
        const json::value* found = config.as_object().if_contains(name);
        return found == nullptr ? fallback : found->as_int64();
    }

    void refuse_as_configured() {
        if (static_cast<std::int64_t>(workers_.size()) >= max_instances_)
            throw sdk::Error(ELS_RESOURCE_EXHAUSTED,
                             "all " + std::to_string(max_instances_) + " instances are in use",
                             ELS_ERR_RETRY_SAME | ELS_ERR_NEXT_BACKEND);
        if (fail_every_ > 0 && ++creations_ % fail_every_ == 0)
            throw sdk::Error(ELS_UNAVAILABLE, "fails as configured by fail_every", ELS_ERR_RETRY_SAME);
    }

    sdk::Instance ordered(const sdk::Spec& spec) {
        sdk::Instance worker;
        worker.key = spec.key;
        worker.id = "noop-" + std::to_string(++last_id_);
        worker.name = spec.name;
        worker.tool = spec.tool;
        worker.spec_hash = spec.hash;
        worker.created_unix_ms = unix_ms_now();
        return worker;
    }

    /// The worker with the state that it has by now.
    sdk::Instance seen(sdk::Instance worker) const {
        const std::int64_t runs_since = worker.created_unix_ms + boot_delay_ms_;
        const bool runs = unix_ms_now() >= runs_since;
        worker.state = runs ? ELS_ST_RUNNING : ELS_ST_PROVISIONING;
        worker.state_since_unix_ms = runs ? runs_since : worker.created_unix_ms;
        return worker;
    }

    const sdk::Instance* find(const sdk::Ref& ref) const {
        for (const auto& [key, worker] : workers_) {
            const bool key_matches = ref.key.empty() || ref.key == key;
            const bool id_matches = ref.id.empty() || ref.id == worker.id;
            if (key_matches && id_matches) return &worker;
        }
        return nullptr;
    }

    sdk::Host host_;
    std::int64_t boot_delay_ms_, fail_every_, max_instances_, page_size_;
    std::mutex mutex_;
    std::map<std::string, sdk::Instance, std::less<>> workers_;
    std::int64_t creations_ = 0, last_id_ = 0;
};

}  // namespace

ELASTICITY_PLUGIN(Noop)
