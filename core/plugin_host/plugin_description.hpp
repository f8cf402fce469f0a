#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "core/model/error.hpp"
#include "sdk/host/error.hpp"
#include "sdk/host/library.hpp"

namespace elasticity {

/// One plugin of a file, in its own words.
struct PluginDescription {
    std::string id;
    std::string version;
    boost::json::object description;  ///< all that describe() said, both schemas among it
};

struct LibraryDescription {
    std::string toolchain;
    std::vector<PluginDescription> plugins;  ///< at least one; a backend uses the first
};

/// Asks each plugin of a library, wherever it is loaded: {toolchain, plugins: [{id, version, description}]}.
sdk::HostResult<boost::json::object> describe_library(const sdk::Library& library);

/// What describe_library() told. Untrusted: a plugin may have written over the memory of its process.
Result<LibraryDescription> to_library_description(const boost::json::value& told);

}  // namespace elasticity
