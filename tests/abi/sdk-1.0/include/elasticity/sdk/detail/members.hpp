#pragma once
#include <elasticity/sdk/call.hpp>
#include <elasticity/sdk/types.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

// An ability is offered by having its members: no flag to forget, no stub to write. A member of the right
// name and the wrong signature is a mistake, and the compiler says which signature was wanted.
#define ELASTICITY_SDK_MEMBER(member, Result, ...)                                                     \
    template <class T, class = void>                                                                   \
    struct Names_##member : std::false_type {};                                                        \
    template <class T>                                                                                 \
    struct Names_##member<T, std::void_t<decltype(&T::member)>> : std::true_type {};                   \
    template <class T>                                                                                 \
    constexpr bool has_##member() {                                                                    \
        if constexpr (Names_##member<T>::value) {                                                      \
            static_assert(std::is_invocable_r_v<Result, decltype(&T::member), __VA_ARGS__>,            \
                          "the plugin's member '" #member "' must be callable as " #Result " " #member \
                          " with (" #__VA_ARGS__ "), and not be overloaded");                          \
            return true;                                                                               \
        }                                                                                              \
        return false;                                                                                  \
    }

using std::chrono::milliseconds;

// The provisioner, required:
ELASTICITY_SDK_MEMBER(create, Instance, T&, const Call&, const Spec&)
ELASTICITY_SDK_MEMBER(destroy, void, T&, const Call&, const Ref&, milliseconds)
ELASTICITY_SDK_MEMBER(inspect, std::optional<Instance>, T&, const Call&, const Ref&)
ELASTICITY_SDK_MEMBER(list, std::string, T&, const Call&, std::string_view, const Emit&)

// Optional, each on its own:
ELASTICITY_SDK_MEMBER(validate, void, T&, const Call&, const Spec&, const Report&)
ELASTICITY_SDK_MEMBER(activate, void, T&, const Call&)
ELASTICITY_SDK_MEMBER(quiesce, void, T&, const Call&)
ELASTICITY_SDK_MEMBER(probe, std::string, T&, const Call&)
ELASTICITY_SDK_MEMBER(check_config, void, std::string_view, const Report&)

// elasticity.lifecycle/1, all or none:
ELASTICITY_SDK_MEMBER(suspend, void, T&, const Call&, const Ref&)
ELASTICITY_SDK_MEMBER(resume, void, T&, const Call&, const Ref&)
ELASTICITY_SDK_MEMBER(stop, void, T&, const Call&, const Ref&, milliseconds)
ELASTICITY_SDK_MEMBER(start, void, T&, const Call&, const Ref&)

// elasticity.drain/1, all or none:
ELASTICITY_SDK_MEMBER(begin_drain, void, T&, const Call&, const Ref&, std::string_view)
ELASTICITY_SDK_MEMBER(cancel_drain, void, T&, const Call&, const Ref&)

// elasticity.service/1, all or none:
ELASTICITY_SDK_MEMBER(start_service, Instance, T&, const Call&, const Target&, const ServiceSpec&)
ELASTICITY_SDK_MEMBER(stop_service, void, T&, const Call&, const Target&, const Ref&, milliseconds)
ELASTICITY_SDK_MEMBER(service_status, std::optional<Instance>, T&, const Call&, const Target&, const Ref&)
ELASTICITY_SDK_MEMBER(list_services, std::string, T&, const Call&, const Target&, std::string_view,
                      const Emit&)

// elasticity.metrics/1 and elasticity.events/1:
ELASTICITY_SDK_MEMBER(sample, void, T&, const Call&, const std::vector<Target>&, const Emit&)
ELASTICITY_SDK_MEMBER(watch, void, T&, const Call&, std::string_view, const EmitEvent&)

#undef ELASTICITY_SDK_MEMBER

#define ELASTICITY_SDK_REQUIRE(wanted, member, why) \
    static_assert(!(wanted) || has_##member<T>(), "the plugin has no member '" #member "', which " why)

template <class T>
constexpr bool is_provisioner() {
    ELASTICITY_SDK_REQUIRE(true, create, "every plugin needs");
    ELASTICITY_SDK_REQUIRE(true, destroy, "every plugin needs");
    ELASTICITY_SDK_REQUIRE(true, inspect, "every plugin needs");
    ELASTICITY_SDK_REQUIRE(true, list, "every plugin needs");
    return true;
}

template <class T>
constexpr bool has_lifecycle() {
    constexpr bool any = has_suspend<T>() || has_resume<T>() || has_stop<T>() || has_start<T>();
    ELASTICITY_SDK_REQUIRE(any, suspend, "elasticity.lifecycle/1 needs beside resume, stop and start");
    ELASTICITY_SDK_REQUIRE(any, resume, "elasticity.lifecycle/1 needs beside suspend, stop and start");
    ELASTICITY_SDK_REQUIRE(any, stop, "elasticity.lifecycle/1 needs beside suspend, resume and start");
    ELASTICITY_SDK_REQUIRE(any, start, "elasticity.lifecycle/1 needs beside suspend, resume and stop");
    return any;
}

template <class T>
constexpr bool has_drain() {
    constexpr bool any = has_begin_drain<T>() || has_cancel_drain<T>();
    ELASTICITY_SDK_REQUIRE(any, begin_drain, "elasticity.drain/1 needs beside cancel_drain");
    ELASTICITY_SDK_REQUIRE(any, cancel_drain, "elasticity.drain/1 needs beside begin_drain");
    return any;
}

template <class T>
constexpr bool has_service() {
    constexpr bool any = has_start_service<T>() || has_stop_service<T>() || has_service_status<T>() ||
                         has_list_services<T>();
    ELASTICITY_SDK_REQUIRE(any, start_service, "elasticity.service/1 needs beside the others");
    ELASTICITY_SDK_REQUIRE(any, stop_service, "elasticity.service/1 needs beside start_service");
    ELASTICITY_SDK_REQUIRE(any, service_status, "elasticity.service/1 needs beside start_service");
    ELASTICITY_SDK_REQUIRE(any, list_services, "elasticity.service/1 needs beside start_service");
    return any;
}

#undef ELASTICITY_SDK_REQUIRE

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
