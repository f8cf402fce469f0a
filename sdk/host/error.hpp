#pragma once
#include <elasticity/sdk/abi.h>

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>

namespace elasticity::sdk {

/// Why a call into a plugin failed, as owned values.
struct HostError {
    els_code code = ELS_INTERNAL;
    std::uint32_t flags = 0;           ///< ELS_ERR_*: what the core may do about it
    std::uint32_t retry_after_ms = 0;  ///< 0: the core's own back-off
    std::string provider_code;
    std::string field;    ///< JSON pointer into config or params
    std::string message;  ///< one line for people

    bool may_retry() const { return (flags & ELS_ERR_RETRY_SAME) != 0; }
    bool maybe_done() const { return (flags & ELS_ERR_MAYBE_DONE) != 0; }
    bool next_backend() const { return (flags & ELS_ERR_NEXT_BACKEND) != 0; }

    bool operator==(const HostError&) const = default;
};

[[noreturn]] void throw_exception_from_error(const HostError& error, const boost::source_location& where);

template <class T = void>
using HostResult = boost::system::result<T, HostError>;

HostError host_error(els_code code, std::string message, std::uint32_t flags = 0);

/// "NOT_FOUND". A code that this host does not know is "UNKNOWN".
const char* code_name(els_code code);

/// What the plugin wrote beside the code that it returned.
HostError error_from(els_code code, const els_error& written);

}  // namespace elasticity::sdk
