#pragma once
#include <filesystem>
#include <map>
#include <string>

#include <boost/json/object.hpp>

#include "core/daemon/settings.hpp"
#include "core/intake/context.hpp"
#include "core/model/finding.hpp"

namespace elasticity {

/// What a backend's plugin says about itself, and the config that it will get.
struct CatalogEntry {
    std::filesystem::path file;
    std::string plugin_id;
    std::string plugin_version;
    unsigned max_concurrency = 1;
    boost::json::object spec_schema;
    boost::json::object config;
};

/// The plugins of all configured backends, loaded where they will run, and asked. A backend whose plugin cannot be used is in `errors`
/// (pointer into the settings) and not in `entries`.
struct BackendCatalog {
    std::map<std::string, CatalogEntry> entries;
    Findings errors;

    /// Loads each plugin from `plugin_dir`, and checks each backend's settings against its config schema.
    static BackendCatalog load(const Settings& settings, const std::filesystem::path& plugin_dir);

    Result<KindTable> kinds(const std::map<std::string, std::vector<std::string>>& placement) const;
};

/// What messages and hand edits are checked against.
Result<IntakeContext> make_intake_context(const Settings& settings, const BackendCatalog& catalog);

}  // namespace elasticity
