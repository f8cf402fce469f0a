#pragma once
#include <elasticity/sdk/abi.h>

#include <functional>
#include <vector>

#include "sdk/host/call.hpp"
#include "sdk/host/instance.hpp"

namespace elasticity::sdk {

/// Asks a plugin for the page of that token.
using ListPage =
    std::function<els_code(els_view page, els_instance_sink* found, els_sink* next_page, els_error* error)>;

/// The instances of all pages, at most a million: complete, or an error. Every list ends: pages that stand
/// still are an error, and the call's deadline ends pages in a circle.
HostResult<std::vector<HostInstance>> collect_pages(const HostCall& call, const ListPage& list_page);

}  // namespace elasticity::sdk
