// A plugin with the members that the command line names. Not part of any target: tests compile it and read
// what the compiler says.
#include <elasticity/sdk/plugin.hpp>

namespace {
namespace sdk = elasticity::sdk;
using std::chrono::milliseconds;

struct Incomplete {
    static constexpr sdk::Info info{"org.example.incomplete", "1.0.0", "", "", "", 0, 1};
    static constexpr std::string_view config_schema = "{}";
    static constexpr std::string_view spec_schema = "{}";

    Incomplete(sdk::Host, std::string_view) {}
    sdk::Instance create(const sdk::Call&, const sdk::Spec&) { return {}; }
    void destroy(const sdk::Call&, const sdk::Ref&, milliseconds) {}
    std::optional<sdk::Instance> inspect(const sdk::Call&, const sdk::Ref&) { return std::nullopt; }
    std::string list(const sdk::Call&, std::string_view, const sdk::Emit&) { return {}; }

#ifdef WITH_SUSPEND
    void suspend(const sdk::Call&, const sdk::Ref&) {}
#endif
#ifdef WITH_RESUME
    void resume(const sdk::Call&, const sdk::Ref&) {}
#endif
#ifdef WITH_STOP
    void stop(const sdk::Call&, const sdk::Ref&, milliseconds) {}
#endif
#ifdef WITH_START
    void start(const sdk::Call&, const sdk::Ref&) {}
#endif
#ifdef WITH_BEGIN_DRAIN
    void begin_drain(const sdk::Call&, const sdk::Ref&, std::string_view) {}
#endif
#ifdef WITH_CANCEL_DRAIN
    void cancel_drain(const sdk::Call&, const sdk::Ref&) {}
#endif
#ifdef WITH_START_SERVICE
    sdk::Instance start_service(const sdk::Call&, const sdk::Target&, const sdk::ServiceSpec&) { return {}; }
#endif
#ifdef WITH_STOP_SERVICE
    void stop_service(const sdk::Call&, const sdk::Target&, const sdk::Ref&, milliseconds) {}
#endif
#ifdef WITH_ODD_SAMPLE
    void sample(const sdk::Call&, const sdk::Target&) {}
#endif
#ifdef WITH_ODD_WATCH
    void watch(const sdk::Call&) {}
#endif
};

}  // namespace

ELASTICITY_PLUGIN(Incomplete)
