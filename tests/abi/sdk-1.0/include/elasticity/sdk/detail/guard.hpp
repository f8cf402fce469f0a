#pragma once
#include <elasticity/sdk/types.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>

#pragma GCC visibility push(hidden)
namespace elasticity::sdk {
inline namespace v1 {
namespace detail {

/// Cuts at a whole UTF-8 character, so that a long text stays valid.
inline void copy_text(char* to, std::size_t capacity, std::string_view from) noexcept {
    std::size_t length = std::min(from.size(), capacity - 1);
    if (length < from.size())
        while (length > 0 && (static_cast<unsigned char>(from[length]) & 0xC0) == 0x80) --length;
    if (length > 0) std::memcpy(to, from.data(), length);
    to[length] = '\0';
}

/// Writes what the caller's els_error has room for.
inline els_code fail(els_error* error, els_code code, std::string_view message) noexcept {
    if (ELS_HAS(error, els_error, message)) copy_text(error->message, sizeof error->message, message);
    return code;
}

inline els_code fail(els_error* error, const Error& thrown) noexcept {
    if (ELS_HAS(error, els_error, flags)) error->flags = thrown.flags;
    if (ELS_HAS(error, els_error, retry_after_ms)) error->retry_after_ms = thrown.retry_after_ms;
    if (ELS_HAS(error, els_error, provider_code))
        copy_text(error->provider_code, sizeof error->provider_code, thrown.provider_code);
    if (ELS_HAS(error, els_error, field)) copy_text(error->field, sizeof error->field, thrown.field);
    // An Error is a failure even where its author forgot the code.
    return fail(error, thrown.code == ELS_OK ? els_code(ELS_INTERNAL) : thrown.code, thrown.text);
}

/// The exception barrier around every function that the core calls.
template <class Function>
els_code guard(els_error* error, Function&& function) noexcept {
    try {
        function();
        return ELS_OK;
    } catch (const Error& thrown) {
        return fail(error, thrown);
    } catch (const std::bad_alloc&) {
        return fail(error, ELS_RESOURCE_EXHAUSTED, "the plugin is out of memory");
    } catch (const std::exception& thrown) {
        return fail(error, ELS_INTERNAL, thrown.what());
    } catch (...) {
        return fail(error, ELS_INTERNAL, "the plugin threw something that is no std::exception");
    }
}

}  // namespace detail
}  // namespace v1
}  // namespace elasticity::sdk
#pragma GCC visibility pop
