/// The C++17 layer over abi.h for authors of plugins. Header-only: it is compiled into the plugin and stays
/// hidden there, so that nothing of C++ crosses the boundary.
///
/// A plugin is one class, given to ELASTICITY_PLUGIN(MyCloud):
///
///     struct MyCloud {
///         static constexpr sdk::Info info{...};
///         static constexpr std::string_view config_schema = R"({...})";   // JSON Schema, no `pattern`
///         static constexpr std::string_view spec_schema = R"({...})";
///         MyCloud(sdk::Host host, std::string_view config);               // no I/O, no threads
///
///         sdk::Instance create(const sdk::Call&, const sdk::Spec&);
///         void destroy(const sdk::Call&, const sdk::Ref&, std::chrono::milliseconds grace);
///         std::optional<sdk::Instance> inspect(const sdk::Call&, const sdk::Ref&);
///         std::string list(const sdk::Call&, std::string_view page, const sdk::Emit&);   // -> next page
///     };
///
/// Optional, by having the member: validate, activate, quiesce, probe, static check_config; sample; watch.
/// Optional, by having all members of a line, since some of them alone are a mistake that does not compile:
///
///     suspend, resume, stop, start                                    elasticity.lifecycle/1
///     start_service, stop_service, service_status, list_services      elasticity.service/1
///     begin_drain, cancel_drain                                       elasticity.drain/1
///
/// Their signatures: detail/members.hpp. What each call must do: abi.h. Any of them may throw sdk::Error;
/// another exception becomes ELS_INTERNAL.
#pragma once
#include <elasticity/sdk/call.hpp>
#include <elasticity/sdk/detail/descriptor.hpp>
#include <elasticity/sdk/host.hpp>
#include <elasticity/sdk/types.hpp>

#define ELASTICITY_PLUGIN(...)                                                                      \
    extern "C" ELS_EXPORT const els_plugin* const* elasticity_plugin_negotiate(els_negotiation* n) { \
        return ::elasticity::sdk::detail::negotiate<__VA_ARGS__>(n);                                \
    }
