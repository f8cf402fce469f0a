#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

#include "core/daemon/settings.hpp"
#include "core/intake/context.hpp"
#include "core/model/finding.hpp"
#include "core/plugin_host/upgrade/staging.hpp"

namespace elasticity {

/// What a backend's plugin says about itself, and the config that it will get.
struct CatalogEntry {
    std::filesystem::path file;
    std::string plugin_id;
    std::string plugin_version;
    unsigned max_concurrency = 1;
    boost::json::object spec_schema;
    boost::json::object config;
    std::shared_ptr<const StagedPlugin> staged;  ///< holds `file` where that is a private copy
};

/// Makes the private copy from which a backend's first generation runs; null: it runs from the file itself.
using StagePlugin = std::function<Result<std::shared_ptr<const StagedPlugin>>(const std::string& backend,
                                                                              const std::filesystem::path& file)>;

/// Asks the plugin in `file`, and checks the backend's settings against what it says; they are fit where `findings`
/// stays as it was.
Result<CatalogEntry> load_catalog_entry(const BackendSettings& backend, const Settings& settings,
                                        const std::filesystem::path& file, Findings& findings);

/// The plugins of all configured backends, loaded where they will run, and asked. A backend whose plugin cannot be used is in `errors`
/// (pointer into the settings) and not in `entries`.
struct BackendCatalog {
    std::map<std::string, CatalogEntry> entries;
    Findings errors;

    /// Loads each plugin from `plugin_dir`, or from the copy that `stage` makes of it, and checks each backend's
    /// settings against its config schema.
    static BackendCatalog load(const Settings& settings, const std::filesystem::path& plugin_dir,
                               const StagePlugin& stage = {});

    /// By backend: which fields of a tool its plugin declares.
    std::map<std::string, boost::json::object> spec_schemas() const;
};

/// What messages and hand edits are checked against.
Result<IntakeContext> make_intake_context(const Settings& settings, const BackendCatalog& catalog);

}  // namespace elasticity
