// The first call: which major of the ABI both sides speak.
#include <dlfcn.h>

#include <cstring>
#include <set>
#include <thread>

#include "sdk/check/catalog.hpp"
#include "sdk/check/guarded.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

els_negotiate_fn negotiate_of(const Subject& subject) {
    void* library = dlopen(subject.file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail(dlerror());
    const auto function = reinterpret_cast<els_negotiate_fn>(dlsym(library, "elasticity_plugin_negotiate"));
    require(function != nullptr, "lacks elasticity_plugin_negotiate");
    return function;
}

els_negotiation asking_for(std::uint32_t major_min, std::uint32_t major_max) {
    els_negotiation negotiation{};
    negotiation.size = sizeof negotiation;
    negotiation.host_major_min = major_min;
    negotiation.host_major_max = major_max;
    return negotiation;
}

template <std::size_t capacity>
bool ends(const char (&text)[capacity]) {
    return std::memchr(text, '\0', capacity) != nullptr;
}

void require_selected(const els_negotiation& negotiation) {
    require(negotiation.selected_major == ELS_ABI_MAJOR,
            "selected major " + std::to_string(negotiation.selected_major) + ", wanted " +
                std::to_string(ELS_ABI_MAJOR) +
                (ends(negotiation.reason) && *negotiation.reason != '\0'
                     ? std::string("; it says: ") + negotiation.reason
                     : std::string()));
}

void selects_major(const Subject& subject) {
    els_negotiation negotiation = asking_for(ELS_ABI_MAJOR, ELS_ABI_MAJOR);
    negotiate_of(subject)(&negotiation);
    require_selected(negotiation);
    require(ends(negotiation.toolchain) && ends(negotiation.reason), "a text of the answer has no end");
}

void selects_highest_common(const Subject& subject) {
    els_negotiation negotiation = asking_for(0, 9);
    const auto* plugins = negotiate_of(subject)(&negotiation);
    require(plugins != nullptr, "refused a core that speaks majors 0 to 9");
    require(negotiation.built_major >= ELS_ABI_MAJOR, "does not say for which major it was built");
    require(negotiation.selected_major == negotiation.built_major,
            "selected major " + std::to_string(negotiation.selected_major) + " though both speak " +
                std::to_string(negotiation.built_major));
}

void require_refusal(const Subject& subject, els_negotiation negotiation) {
    const auto* plugins = negotiate_of(subject)(&negotiation);
    require(plugins == nullptr, "offers plugins to a core that speaks another major");
    require(negotiation.selected_major == 0, "refused, and selected a major all the same");
    require(ends(negotiation.reason) && *negotiation.reason != '\0', "refused without a reason");
}

void refuses_newer_major(const Subject& subject) {
    require_refusal(subject, asking_for(1000, 1001));
}

void refuses_older_major(const Subject& subject) {
    require_refusal(subject, asking_for(0, 0));
}

void offers_a_plugin(const Subject& subject) {
    els_negotiation negotiation = asking_for(ELS_ABI_MAJOR, ELS_ABI_MAJOR);
    const auto* plugins = negotiate_of(subject)(&negotiation);
    require(plugins != nullptr, "agreed on a major and gave no array of plugins");
    require(*plugins != nullptr, "gave an empty array of plugins");
}

bool is_complete(const els_plugin& plugin) {
    return plugin.describe != nullptr && plugin.check_config != nullptr && plugin.open != nullptr &&
           plugin.activate != nullptr && plugin.quiesce != nullptr && plugin.close != nullptr &&
           plugin.probe != nullptr && plugin.query != nullptr;
}

void structs_are_complete(const Subject& subject) {
    constexpr std::size_t plugins_max = 64;
    els_negotiation negotiation = asking_for(ELS_ABI_MAJOR, ELS_ABI_MAJOR);
    const auto* plugins = negotiate_of(subject)(&negotiation);
    require(plugins != nullptr, "gave no array of plugins");
    std::set<std::string> ids;
    for (std::size_t i = 0; plugins[i] != nullptr; ++i) {
        require(i < plugins_max, "the array of plugins has no end within 64 entries");
        const std::string which = "plugin " + std::to_string(i + 1);
        require(ELS_HAS(plugins[i], els_plugin, query), which + " is shorter than that of ABI 1.0");
        require(is_complete(*plugins[i]), which + " lacks a function");
        require(plugins[i]->id != nullptr && *plugins[i]->id != '\0', which + " has no id");
        require(plugins[i]->version != nullptr && *plugins[i]->version != '\0', which + " has no version");
        require(ids.insert(plugins[i]->id).second, "two plugins have the id " + std::string(plugins[i]->id));
    }
}

void is_repeatable(const Subject& subject) {
    const els_negotiate_fn negotiate = negotiate_of(subject);
    els_negotiation first = asking_for(ELS_ABI_MAJOR, ELS_ABI_MAJOR);
    const auto* plugins = negotiate(&first);
    const auto again = [&] {
        for (int i = 0; i < 100; ++i) {
            els_negotiation negotiation = asking_for(ELS_ABI_MAJOR, ELS_ABI_MAJOR);
            require(negotiate(&negotiation) == plugins, "gave another array the second time");
        }
    };
    std::thread beside(again);
    again();
    beside.join();
}

void short_struct_is_respected(const Subject& subject) {
    Shorter<els_negotiation> negotiation(offsetof(els_negotiation, built_major));
    negotiation.get()->host_major_min = ELS_ABI_MAJOR;
    negotiation.get()->host_major_max = ELS_ABI_MAJOR;
    negotiate_of(subject)(negotiation.get());
    require(negotiation.rest_is_untouched(), "wrote beyond the end of a shorter els_negotiation");
}

void longer_struct_is_ignored(const Subject& subject) {
    Longer<els_negotiation> negotiation(asking_for(ELS_ABI_MAJOR, ELS_ABI_MAJOR));
    const auto* plugins = negotiate_of(subject)(negotiation.get());
    require_selected(*negotiation.get());
    require(plugins != nullptr, "gave no array of plugins for a longer els_negotiation");
    require(negotiation.tail_is_untouched(), "wrote to what it cannot know of a longer els_negotiation");
}

}  // namespace

std::vector<Check> negotiate_checks() {
    return {
        {"negotiate.selects_major", "A core of this major is agreed with", selects_major},
        {"negotiate.selects_highest_common", "Of several majors the highest that both speak is chosen",
         selects_highest_common},
        {"negotiate.refuses_newer_major", "A core of newer majors alone is refused, with a reason",
         refuses_newer_major},
        {"negotiate.refuses_older_major", "A core of older majors alone is refused, with a reason",
         refuses_older_major},
        {"negotiate.offers_a_plugin", "The answer holds at least one plugin", offers_a_plugin},
        {"negotiate.structs_are_complete", "Each plugin has its id, its version and all of its functions",
         structs_are_complete},
        {"negotiate.is_repeatable", "Asked again, and from two threads, the answer is the same",
         is_repeatable},
        {"negotiate.short_struct_is_respected", "Nothing is written beyond an older core's els_negotiation",
         short_struct_is_respected},
        {"negotiate.longer_struct_is_ignored", "A newer core's els_negotiation is agreed with all the same",
         longer_struct_is_ignored},
    };
}

}  // namespace elasticity::check
