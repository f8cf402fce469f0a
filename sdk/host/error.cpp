#include "sdk/host/error.hpp"

#include <stdexcept>
#include <utility>

#include "sdk/host/utf8.hpp"

namespace elasticity::sdk {
void throw_exception_from_error(const HostError& error, const boost::source_location&) {
    throw std::logic_error("value read from a failed result: " + error.message);
}

HostError host_error(els_code code, std::string message, std::uint32_t flags) {
    HostError error;
    error.code = code;
    error.flags = flags;
    error.message = std::move(message);
    return error;
}

const char* code_name(els_code code) {
    switch (code) {
        case ELS_OK: return "OK";
        case ELS_CANCELLED: return "CANCELLED";
        case ELS_INVALID_ARGUMENT: return "INVALID_ARGUMENT";
        case ELS_DEADLINE_EXCEEDED: return "DEADLINE_EXCEEDED";
        case ELS_NOT_FOUND: return "NOT_FOUND";
        case ELS_ALREADY_EXISTS: return "ALREADY_EXISTS";
        case ELS_PERMISSION_DENIED: return "PERMISSION_DENIED";
        case ELS_RESOURCE_EXHAUSTED: return "RESOURCE_EXHAUSTED";
        case ELS_FAILED_PRECONDITION: return "FAILED_PRECONDITION";
        case ELS_ABORTED: return "ABORTED";
        case ELS_UNIMPLEMENTED: return "UNIMPLEMENTED";
        case ELS_INTERNAL: return "INTERNAL";
        case ELS_UNAVAILABLE: return "UNAVAILABLE";
        case ELS_UNAUTHENTICATED: return "UNAUTHENTICATED";
        default: return "UNKNOWN";  // A newer plugin may return what this host has no name for.
    }
}

HostError error_from(els_code code, const els_error& written) {
    HostError error;
    error.code = code;
    error.flags = written.flags;
    error.retry_after_ms = written.retry_after_ms;
    error.provider_code = text_in(written.provider_code);
    error.field = text_in(written.field);
    error.message = text_in(written.message);
    if (error.message.empty()) error.message = std::string("the plugin says only ") + code_name(code);
    return error;
}

}  // namespace elasticity::sdk
