#pragma once
#include <elasticity/sdk/abi.h>

#include <string>

namespace elasticity::check {

/// Takes anything and keeps nothing.
inline els_sink deaf_sink() {
    return {sizeof(els_sink), 0, nullptr, [](void*, els_view) -> els_code { return ELS_OK; }};
}

/// Appends to `text`, which must live longer.
inline els_sink text_sink(std::string& text) {
    return {sizeof(els_sink), 0, &text, [](void* to, els_view chunk) -> els_code {
                if (chunk.len > 0) static_cast<std::string*>(to)->append(chunk.data, chunk.len);
                return ELS_OK;
            }};
}

/// Counts in `count`, which must live longer.
inline els_instance_sink counting_sink(int& count) {
    return {sizeof(els_instance_sink), 0, &count, [](void* to, const els_instance*) -> els_code {
                ++*static_cast<int*>(to);
                return ELS_OK;
            }};
}

}  // namespace elasticity::check
