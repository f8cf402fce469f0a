#pragma once
#include <elasticity/sdk/detail/abilities.hpp>
#include <elasticity/sdk/detail/service.hpp>
#include <elasticity/sdk/host.hpp>

#include <cstdio>
#include <cstring>
#include <string>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

/// The els_plugin of an author's class.
template <class T>
struct Descriptor {
    static_assert(is_provisioner<T>());

    /// What describe() says is what query() answers, since it asks query().
    static std::string interfaces() {
        std::string list = json_string(ELS_IF_PROVISIONER);
        for (const char* id :
             {ELS_IF_LIFECYCLE, ELS_IF_SERVICE, ELS_IF_METRICS, ELS_IF_DRAIN, ELS_IF_EVENTS})
            if (query(nullptr, id) != nullptr) list += "," + json_string(id);
        return list;
    }

    static std::string description() {
        return "{\"id\":" + json_string(T::info.id) + ",\"version\":" + json_string(T::info.version) +
               ",\"title\":" + json_string(T::info.title) + ",\"interfaces\":[" + interfaces() +
               "],\"max_concurrency\":" + std::to_string(T::info.max_concurrency) +
               ",\"config_schema\":" + std::string(T::config_schema) +
               ",\"spec_schema\":" + std::string(T::spec_schema) + "}";
    }

    static els_code describe(els_sink* json, els_error* error) noexcept {
        return guard(error, [&] { write_to(json, description()); });
    }

    static els_code check_config([[maybe_unused]] els_view config, [[maybe_unused]] els_sink* findings,
                                 els_error* error) noexcept {
        return guard(error, [&] {
            if constexpr (has_check_config<T>()) T::check_config(text_of(config), report_to(findings));
        });
    }

    static els_code open(const els_host* host, els_view config, els_backend** backend,
                         els_error* error) noexcept {
        *backend = nullptr;
        return guard(error, [&] {
            *backend = reinterpret_cast<els_backend*>(new T(Host(host), text_of(config)));
        });
    }

    static els_code activate([[maybe_unused]] els_backend* backend, [[maybe_unused]] const els_call* call,
                             els_error* error) noexcept {
        return guard(error, [&] {
            if constexpr (has_activate<T>()) self<T>(backend).activate(Call(call));
        });
    }

    static els_code quiesce([[maybe_unused]] els_backend* backend, [[maybe_unused]] const els_call* call,
                            els_error* error) noexcept {
        return guard(error, [&] {
            if constexpr (has_quiesce<T>()) self<T>(backend).quiesce(Call(call));
        });
    }

    static void close(els_backend* backend) noexcept { delete reinterpret_cast<T*>(backend); }

    static els_code probe([[maybe_unused]] els_backend* backend, [[maybe_unused]] const els_call* call,
                          els_sink* json, els_error* error) noexcept {
        return guard(error, [&] {
            if constexpr (has_probe<T>())
                write_to(json, self<T>(backend).probe(Call(call)));
            else
                write_to(json, "{}");
        });
    }

    static const void* query(els_backend*, const char* interface_id) noexcept {
        const std::string_view id = text_of(interface_id);
        if (id == ELS_IF_PROVISIONER) return &Provisioner<T>::table;
        if constexpr (has_lifecycle<T>())
            if (id == ELS_IF_LIFECYCLE) return &Lifecycle<T>::table;
        if constexpr (has_service<T>())
            if (id == ELS_IF_SERVICE) return &Service<T>::table;
        if constexpr (has_sample<T>())
            if (id == ELS_IF_METRICS) return &Metrics<T>::table;
        if constexpr (has_drain<T>())
            if (id == ELS_IF_DRAIN) return &Drain<T>::table;
        if constexpr (has_watch<T>())
            if (id == ELS_IF_EVENTS) return &Events<T>::table;
        return nullptr;
    }

    static constexpr els_plugin plugin{
        sizeof(els_plugin), T::info.flags, T::info.id,    T::info.version, T::info.title,
        T::info.vendor,     T::info.url,   &describe,     &check_config,   &open,
        &activate,          &quiesce,      &close,        &probe,          &query};
};

/// Refuses in words that name both sides, for the operator who installed the file.
inline void refuse(els_negotiation& negotiation) noexcept {
    negotiation.selected_major = 0;
    std::snprintf(negotiation.reason, sizeof negotiation.reason,
                  "built for plugin ABI %u, this daemon speaks %u to %u", ELS_ABI_MAJOR,
                  negotiation.host_major_min, negotiation.host_major_max);
}

template <class... Plugins>
const els_plugin* const* negotiate(els_negotiation* negotiation) noexcept {
    static constexpr const els_plugin* plugins[] = {&Descriptor<Plugins>::plugin..., nullptr};
    if (!ELS_HAS(negotiation, els_negotiation, reason)) return nullptr;
    negotiation->built_major = ELS_ABI_MAJOR;
    negotiation->built_minor = ELS_ABI_MINOR;
    copy_text(negotiation->toolchain, sizeof negotiation->toolchain, "g++ " __VERSION__);
    if (negotiation->host_major_min > ELS_ABI_MAJOR || negotiation->host_major_max < ELS_ABI_MAJOR) {
        refuse(*negotiation);
        return nullptr;
    }
    negotiation->selected_major = ELS_ABI_MAJOR;
    return plugins;
}

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
