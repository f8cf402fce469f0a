#pragma once
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin_host/upgrade/plugin_upgrades.hpp"
#include "tests/support/children.hpp"

namespace elasticity::test {

/// A temporary folder, mode 0700.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    /// Returns its path; mode 0644.
    std::filesystem::path write(const std::string& name, const std::string& text) const;

private:
    std::filesystem::path path_;
};

/// The fixture `cloud` with something wrong with it, or "" for the good one.
std::filesystem::path fixture(const std::string& name);

struct WorldOptions {
    Isolation isolation = Isolation::process;
    std::filesystem::path first;  ///< what the backend begins with
    boost::json::object config;
    std::string owner = "owner-1";
};

/// A backend "cloud" whose plugin is "cloud" of a folder of its own, its slot and its upgrades.
class World {
public:
    explicit World(WorldOptions options);
    explicit World(Isolation isolation = Isolation::process, const std::string& first = "cloud")
        : World(WorldOptions{isolation, fixture(first), {}}) {}

    /// The fixture, or another plugin, with some bytes behind its end: another hash, the same plugin.
    std::filesystem::path build(const std::string& name, const std::string& bytes) const {
        return build_of(fixture(name), bytes);
    }
    std::filesystem::path build_of(const std::filesystem::path& plugin, const std::string& bytes) const;
    /// Puts a build into the plugin folder, by a rename.
    void rename_into_place(const std::filesystem::path& file) const;

    /// Until it has settled; "OUTCOME: REASON".
    std::string upgrade(UpgradeRequest request);
    std::string upgrade(const std::filesystem::path& file, bool force = false);
    std::uint64_t begin(UpgradeRequest request);
    /// Until the record is as wanted.
    void await(std::uint64_t upgrade, const std::function<bool(const boost::json::object&)>& wanted);
    /// Until the status of the backend is as wanted.
    void await_status(const std::function<bool(const boost::json::object&)>& wanted) const;
    void await_state(const std::string& state) const;
    std::int64_t serving() const;

    std::future<std::string> create(const std::string& key);
    std::future<std::string> list();
    std::string probe();
    std::vector<std::string> copies() const;

    const std::string owner;
    Folder plugins, builds, state;
    Settings settings;
    StagingFolder staging;
    UpgradeSurroundings surroundings;
    std::unique_ptr<BackendSlot> slot;
    std::unique_ptr<PluginUpgrades> upgrades;

private:
    sdk::HostOptions host() const;
    void open_first();
};

/// Fails the test after a minute.
void await_that(const std::string& what, const std::function<bool()>& holds);

}  // namespace elasticity::test
