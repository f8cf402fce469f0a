// A provisioner in C++ as an author of ABI 1.0 wrote it: workers in memory. It is built against the frozen
// headers, and is changed as little as they are.
#include <elasticity/sdk/plugin.hpp>

#include <map>
#include <mutex>

namespace {
namespace sdk = elasticity::sdk;

class InCpp {
public:
    static constexpr sdk::Info info{"org.example.in-cpp", "1.0.0", "C++", "", "", 0, 4};
    static constexpr std::string_view config_schema = R"({"type":"object"})";
    static constexpr std::string_view spec_schema = R"({"type":"object"})";

    InCpp(sdk::Host, std::string_view) {}

    sdk::Instance create(const sdk::Call&, const sdk::Spec& spec) {
        const std::lock_guard lock(mutex_);
        sdk::Instance worker;
        worker.key = worker.id = spec.key;
        worker.name = spec.name;
        worker.tool = spec.tool;
        worker.spec_hash = spec.hash;
        worker.state = ELS_ST_RUNNING;
        const sdk::Instance& known = workers_.emplace(spec.key, worker).first->second;
        if (known.spec_hash != spec.hash)
            throw sdk::Error(ELS_ALREADY_EXISTS, "the key is taken by a worker of another spec");
        return known;
    }

    void destroy(const sdk::Call&, const sdk::Ref& ref, std::chrono::milliseconds) {
        const std::lock_guard lock(mutex_);
        if (const auto known = find(ref); known != workers_.end()) workers_.erase(known);
    }

    std::optional<sdk::Instance> inspect(const sdk::Call&, const sdk::Ref& ref) {
        const std::lock_guard lock(mutex_);
        const auto known = find(ref);
        return known == workers_.end() ? std::nullopt : std::optional(known->second);
    }

    std::string list(const sdk::Call&, std::string_view, const sdk::Emit& emit) {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, worker] : workers_) emit(worker);
        return {};
    }

private:
    using Workers = std::map<std::string, sdk::Instance, std::less<>>;

    /// A worker's id is its key.
    Workers::iterator find(const sdk::Ref& ref) {
        const auto known = workers_.find(ref.key.empty() ? ref.id : ref.key);
        const bool matches = known != workers_.end() && (ref.id.empty() || ref.id == known->first);
        return matches ? known : workers_.end();
    }

    std::mutex mutex_;
    Workers workers_;
};

}  // namespace

ELASTICITY_PLUGIN(InCpp)
