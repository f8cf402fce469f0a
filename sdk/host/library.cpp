#include "sdk/host/library.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <list>
#include <mutex>

#include "sdk/host/utf8.hpp"

namespace elasticity::sdk {
namespace {

constexpr const char* negotiate_symbol = "elasticity_plugin_negotiate";
constexpr std::size_t plugins_max = 64;  // In one library; a longer array has no terminator.

/// Keeps the handle for the life of the process, on purpose; see Library.
const boost::dll::shared_library& keep_loaded(boost::dll::shared_library library) {
    static std::mutex mutex;
    static auto& kept = *new std::list<boost::dll::shared_library>;
    const std::lock_guard lock(mutex);
    return kept.emplace_back(std::move(library));
}

/// Boost.DLL reports every failure as one code; the linker's own text says which symbol or file it was.
std::string linker_reason(const std::filesystem::path& file, const std::error_code& code) {
    const char* reason = dlerror();
    std::string text = valid_utf8(reason != nullptr ? reason : code.message());
    const std::string prefix = file.string() + ": ";  // Our own message names the file already.
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

HostResult<const boost::dll::shared_library*> open(const std::filesystem::path& file) {
    using boost::dll::load_mode::type;
    boost::dll::shared_library library;
    std::error_code code;
    const auto mode = static_cast<type>(boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    const std::filesystem::path path = std::filesystem::absolute(file);
    library.load(path, mode, code);
    if (!code) return &keep_loaded(std::move(library));
    return host_error(ELS_FAILED_PRECONDITION, linker_reason(path, code));
}

std::string refusal(const els_negotiation& negotiation) {
    const std::string speaks = ", this daemon speaks " + std::to_string(ELS_ABI_MAJOR);
    if (negotiation.built_major != 0 && negotiation.built_major != ELS_ABI_MAJOR)
        return "built for plugin ABI " + std::to_string(negotiation.built_major) + speaks;
    const std::string reason = text_in(negotiation.reason);
    if (!reason.empty()) return "refused by the plugin: " + reason;
    return "refused by the plugin without a reason" + speaks;
}

bool is_complete(const els_plugin* plugin) {
    return ELS_HAS_FN(plugin, els_plugin, query) && plugin->id != nullptr && *plugin->id != '\0' &&
           plugin->describe != nullptr && plugin->check_config != nullptr && plugin->open != nullptr &&
           plugin->activate != nullptr && plugin->quiesce != nullptr && plugin->close != nullptr &&
           plugin->probe != nullptr;
}

HostResult<std::vector<const els_plugin*>> read_array(const els_plugin* const* array) {
    std::vector<const els_plugin*> plugins;
    for (; *array != nullptr; ++array) {
        if (plugins.size() == plugins_max)
            return host_error(ELS_INTERNAL, "its array of plugins has no end within " +
                                                std::to_string(plugins_max) + " entries");
        if (!is_complete(*array))
            return host_error(ELS_INTERNAL, "plugin " + std::to_string(plugins.size() + 1) +
                                                " of it lacks an id or a required function");
        plugins.push_back(*array);
    }
    if (plugins.empty()) return host_error(ELS_INTERNAL, "it offers no plugin");
    return plugins;
}

}  // namespace

HostResult<std::vector<const els_plugin*>> negotiate(els_negotiate_fn function, std::string& toolchain) {
    els_negotiation negotiation{};
    negotiation.size = sizeof negotiation;
    negotiation.host_major_min = ELS_ABI_MAJOR;
    negotiation.host_major_max = ELS_ABI_MAJOR;
    const els_plugin* const* array = function(&negotiation);
    if (array == nullptr) return host_error(ELS_FAILED_PRECONDITION, refusal(negotiation));
    if (negotiation.selected_major != ELS_ABI_MAJOR)
        return host_error(ELS_FAILED_PRECONDITION,
                          "chose plugin ABI " + std::to_string(negotiation.selected_major) +
                              ", this daemon speaks " + std::to_string(ELS_ABI_MAJOR));
    toolchain = text_in(negotiation.toolchain);
    return read_array(array);
}

HostResult<std::shared_ptr<const Library>> Library::load(const std::filesystem::path& file) {
    const auto refuse = [&](HostError error) {
        error.message = file.string() + ": " + error.message;
        return error;
    };
    const HostResult<const boost::dll::shared_library*> opened = open(file);
    if (opened.has_error()) return refuse(opened.error());
    const boost::dll::shared_library& object = **opened;
    if (!object.has(negotiate_symbol))
        return refuse(host_error(ELS_FAILED_PRECONDITION,
                                 std::string("no Elasticity plugin: it lacks ") + negotiate_symbol));
    const auto function = &object.get<const els_plugin* const*(els_negotiation*)>(negotiate_symbol);

    const std::shared_ptr<Library> library(new Library);
    library->file_ = file;
    HostResult<std::vector<const els_plugin*>> plugins = negotiate(function, library->toolchain_);
    if (plugins.has_error()) return refuse(plugins.error());
    library->plugins_ = std::move(*plugins);
    return std::shared_ptr<const Library>(library);
}

const els_plugin* Library::find(std::string_view id) const {
    for (const els_plugin* plugin : plugins_)
        if (id == plugin->id) return plugin;
    return nullptr;
}

}  // namespace elasticity::sdk
