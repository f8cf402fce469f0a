#include "core/plugin_host/plugin_description.hpp"

#include <boost/json.hpp>

#include "core/model/json_text.hpp"
#include "core/plugin_host/isolation/fields.hpp"
#include "sdk/host/backend.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

Result<PluginDescription> to_plugin_description(const json::value& told) {
    PluginDescription plugin;
    std::string text;
    WireFields fields(told);
    fields.read("id", plugin.id);
    fields.read("version", plugin.version);
    fields.read("description", text);
    if (auto fault = fields.fault()) return within("what it says of itself", std::move(*fault));
    for (std::string* each : {&plugin.id, &plugin.version}) *each = sdk::valid_utf8(*each);
    auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object()) return Error{ErrorKind::invalid, "its description is no JSON object"};
    plugin.description = std::move(parsed->get_object());
    return plugin;
}

}  // namespace

sdk::HostResult<json::object> describe_library(const sdk::Library& library) {
    json::array plugins;
    for (const els_plugin* plugin : library.plugins()) {
        auto text = sdk::describe(*plugin);
        if (!text) return sdk::host_error(text.error().code, "it cannot describe itself: " + text.error().message);
        plugins.push_back({{"id", plugin->id}, {"version", plugin->version ? plugin->version : ""}, {"description", *text}});
    }
    return json::object{{"toolchain", library.toolchain()}, {"plugins", std::move(plugins)}};
}

Result<LibraryDescription> to_library_description(const json::value& told) {
    LibraryDescription library;
    WireFields fields(told);
    fields.read("toolchain", library.toolchain);
    library.toolchain = sdk::valid_utf8(library.toolchain);
    for (const json::value& each : fields.array("plugins")) {
        auto plugin = to_plugin_description(each);
        if (!plugin) return plugin.error();
        library.plugins.push_back(std::move(*plugin));
    }
    if (auto fault = fields.fault()) return within("what it says of itself", std::move(*fault));
    if (library.plugins.empty()) return Error{ErrorKind::invalid, "it says of itself that it has no plugin"};
    return library;
}

}  // namespace elasticity
