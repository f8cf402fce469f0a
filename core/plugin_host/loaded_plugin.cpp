#include "core/plugin_host/loaded_plugin.hpp"

#include <boost/json.hpp>

#include "core/daemon/log.hpp"
#include "core/plugin_host/isolation/child.hpp"
#include "core/plugin_host/isolation/child_backend.hpp"
#include "core/plugin_host/isolation/fields.hpp"
#include "sdk/host/backend.hpp"
#include "sdk/host/library.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity {
namespace {

constexpr std::chrono::seconds check_timeout{30};
constexpr std::uint64_t thread_stack_bytes = std::uint64_t{8} << 20;

sdk::HostResult<LoadedPlugin> load_here(const std::filesystem::path& file) {
    const auto library = sdk::Library::load(file);
    if (!library) return library.error();
    const els_plugin& plugin = *(*library)->plugins().front();
    auto description = sdk::describe(plugin);
    if (!description) return description.error();
    const auto check = [library = *library](const std::string& config) {
        return sdk::check_config(*library->plugins().front(), config);
    };
    return LoadedPlugin{plugin.id, plugin.version, std::move(*description), check};
}

ChildOptions options_for(const BackendSettings& backend) {
    ChildOptions options;
    options.backend = backend.name;
    options.log = [name = backend.name](const sdk::HostLogLine& line) {
        log_line(LogLevel::warning, "backend " + name, line.message);
    };
    options.secret = [](std::string_view) {
        return sdk::host_error(ELS_FAILED_PRECONDITION, "there are no secrets before a backend is open");
    };
    return options;
}

sdk::HostResult<std::string> check_in_child(Child& child, const std::string& config) {
    sdk::HostCall call("check_config", 1, sdk::HostCall::Clock::now() + check_timeout);
    const auto reply = child.call("check_config", {{"config", config}}, call);
    if (!reply) return reply.error();
    if (!reply->value.is_string()) return sdk::host_error(ELS_INTERNAL, "the findings about a config are no text");
    return sdk::valid_utf8(reply->value.get_string());
}

sdk::HostResult<LoadedPlugin> load_isolated(const std::filesystem::path& file, const BackendSettings& backend) {
    auto child = Child::start(options_for(backend));
    if (!child) return child.error();
    const auto said = load_in_child(**child, file, memory_bytes_max(backend, 1));
    if (!said) return said.error();
    LoadedPlugin plugin;
    WireFields fields(*said);
    fields.read("id", plugin.id);
    fields.read("version", plugin.version);
    fields.read("description", plugin.description);
    if (const auto fault = fields.fault()) return sdk::host_error(ELS_INTERNAL, "what it says of itself: " + fault->message);
    for (std::string* text : {&plugin.id, &plugin.version, &plugin.description}) *text = sdk::valid_utf8(*text);
    plugin.check_config = [child = *child](const std::string& config) { return check_in_child(*child, config); };
    return plugin;
}

}  // namespace

sdk::HostResult<LoadedPlugin> load_plugin(const std::filesystem::path& file, const BackendSettings& backend) {
    return backend.isolation == Isolation::in_process ? load_here(file) : load_isolated(file, backend);
}

std::uint64_t memory_bytes_max(const BackendSettings& backend, unsigned threads) {
    return backend.plugin_memory_bytes + threads * thread_stack_bytes;
}

}  // namespace elasticity
