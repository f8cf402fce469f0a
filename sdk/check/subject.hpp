#pragma once
#include <string>
#include <vector>

#include "sdk/host/instance.hpp"
#include "sdk/host/library.hpp"

namespace elasticity::check {

/// The plugin that is looked at, and what its author gave to try it with. A check gets one with an owner and
/// a folder of its own.
struct Subject {
    std::string file;
    std::string plugin_id;    ///< of several in one file; empty: the first
    std::string config_file;  ///< empty: {}
    std::string spec_file;    ///< empty: none
    std::string owner;
    unsigned settle_s = 30;  ///< what the provider may take to show what it was told
    std::string scratch;     ///< folder of this check

    std::string state_dir() const { return scratch + "/state"; }
    /// A second daemon on the same provider.
    std::string other_owner() const { return owner + "-other"; }
};

/// What --config holds. Ends with an error text where that is no JSON object.
sdk::HostResult<std::string> read_config(const Subject& subject);

/// What --spec holds: {"params": {...}, "env": {...}}. Key, name and hash are left to the check.
sdk::HostResult<sdk::HostSpec> read_spec(const Subject& subject);

/// Empty where {} satisfies the plugin's spec_schema, else the fields that it requires: "image, flavor".
std::string required_fields(const std::string& description);

/// Calls that the plugin takes at once; 1 where its description does not say.
unsigned max_concurrency(const std::string& description);

/// `bytes` random bytes in hexadecimal.
std::string random_hex(unsigned bytes);

}  // namespace elasticity::check
