#include "core/plugin_host/loaded_plugin.hpp"

#include <boost/json.hpp>

#include "core/daemon/log.hpp"
#include "core/plugin_host/isolation/child.hpp"
#include "core/plugin_host/isolation/child_backend.hpp"
#include "sdk/host/backend.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity {
namespace {

constexpr std::uint64_t thread_stack_bytes = std::uint64_t{8} << 20;

sdk::HostResult<LoadedPlugin> asked(const boost::json::value& told) {
    auto library = to_library_description(told);
    if (!library) return sdk::host_error(ELS_INTERNAL, library.error().message);
    return LoadedPlugin{std::move(*library), {}};
}

sdk::HostResult<LoadedPlugin> load_here(const std::filesystem::path& file) {
    const auto library = sdk::Library::load(file);
    if (!library) return library.error();
    const auto told = describe_library(**library);
    if (!told) return told.error();
    auto plugin = asked(*told);
    if (!plugin) return plugin.error();
    plugin->check_config = [library = *library](const std::string& config) {
        return sdk::check_config(*library->plugins().front(), config);
    };
    return plugin;
}

ChildOptions options_for(const ChildLoad& how) {
    ChildOptions options;
    options.backend = how.name;
    options.program = how.program;
    options.log = how.log;
    options.secret = [](std::string_view) {
        return sdk::host_error(ELS_FAILED_PRECONDITION, "there are no secrets before a backend is open");
    };
    // No backend is open in it, so that there is nothing to wait for.
    options.cancel_grace = options.close_grace = std::chrono::milliseconds(0);
    return options;
}

sdk::HostResult<std::string> check_in_child(Child& child, const std::string& config, std::chrono::milliseconds patience) {
    sdk::HostCall call("check_config", 1, sdk::HostCall::Clock::now() + patience);
    const auto reply = child.call("check_config", {{"config", config}}, call);
    if (!reply) return reply.error();
    if (!reply->value.is_string()) return sdk::host_error(ELS_INTERNAL, "the findings about a config are no text");
    return sdk::valid_utf8(reply->value.get_string());
}

}  // namespace

sdk::HostResult<LoadedPlugin> load_isolated(const std::filesystem::path& file, ChildLoad how) {
    auto child = Child::start(options_for(how));
    if (!child) return child.error();
    const auto told = load_in_child(**child, file, how.memory_bytes_max, how.patience);
    if (!told) return told.error();
    auto plugin = asked(*told);
    if (!plugin) return plugin.error();
    plugin->check_config = [child = *child, patience = how.patience](const std::string& config) {
        return check_in_child(*child, config, patience);
    };
    return plugin;
}

sdk::HostResult<LoadedPlugin> load_plugin(const std::filesystem::path& file, const BackendSettings& backend) {
    if (backend.isolation == Isolation::in_process) return load_here(file);
    ChildLoad how;
    how.name = backend.name;
    how.memory_bytes_max = memory_bytes_max(backend, 1);
    how.log = [name = backend.name](const sdk::HostLogLine& line) {
        log_line(LogLevel::warning, "backend " + name, line.message);
    };
    return load_isolated(file, std::move(how));
}

std::uint64_t memory_bytes_max(const BackendSettings& backend, unsigned threads) {
    return backend.plugin_memory_bytes + threads * thread_stack_bytes;
}

}  // namespace elasticity
