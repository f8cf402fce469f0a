#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "core/model/error.hpp"
#include "core/plugin_host/upgrade/verified_plugin.hpp"

namespace elasticity {

/// The private copy of a plugin from which one generation runs: nobody overwrites it while it is mapped, and a
/// child that is started again loads the same. The last holder removes it.
class StagedPlugin {
public:
    StagedPlugin(std::filesystem::path file, std::string sha256, std::filesystem::path source);
    ~StagedPlugin();
    StagedPlugin(const StagedPlugin&) = delete;
    StagedPlugin& operator=(const StagedPlugin&) = delete;

    const std::filesystem::path& file() const { return file_; }
    const std::string& sha256() const { return sha256_; }
    const std::filesystem::path& source() const { return source_; }

private:
    const std::filesystem::path file_;
    const std::string sha256_;
    const std::filesystem::path source_;
};

/// The folder of these copies. Threads: any, never two for the same backend.
class StagingFolder {
public:
    /// Removes what an earlier daemon left there. `folder` is one that nobody else writes to.
    static Result<StagingFolder> open(std::filesystem::path folder);

    /// Copies it, mode 0400, as BACKEND.GENERATION.HASH.so: the loader tells libraries apart by their names.
    Result<std::shared_ptr<const StagedPlugin>> stage(const OpenedPlugin& plugin, const std::string& backend,
                                                      unsigned generation) const;

    /// What a backend begins with; null, and told, where there is no room for a copy: better from the file itself than
    /// not at all. One that others could write is told, and runs: an upgrade would refuse it.
    Result<std::shared_ptr<const StagedPlugin>> stage_first(const std::filesystem::path& file,
                                                            const std::string& backend) const;

private:
    explicit StagingFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

    std::filesystem::path folder_;
};

}  // namespace elasticity
