#include "tests/unit/upgrade/support.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

namespace elasticity::test {
namespace fs = std::filesystem;
namespace json = boost::json;

Folder::Folder() {
    std::string name = (fs::temp_directory_path() / "elasticity-upgrade.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
}

Folder::~Folder() { fs::remove_all(path_); }

fs::path Folder::write(const std::string& name, const std::string& text) const {
    const fs::path file = path_ / name;
    std::ofstream(file) << text;
    chmod(file.c_str(), 0644);
    return file;
}

fs::path fixture(const std::string& name) { return fs::path(FIXTURE_DIR) / (name + ".so"); }

World::World(WorldOptions options)
    : owner(options.owner),
      staging(StagingFolder::open(state.path()).value()),
      surroundings{settings, staging, plugins.path(),
                   [this](const std::string&) -> Result<sdk::HostOptions> { return host(); }} {
    BackendSettings backend;
    backend.name = backend.plugin = "cloud";
    backend.isolation = options.isolation;
    backend.config = std::move(options.config);
    settings.backends.emplace("cloud", backend);
    rename_into_place(build_of(options.first, ""));
    open_first();
}

sdk::HostOptions World::host() const {
    sdk::HostOptions options;
    options.core_version = "1.2.3";
    options.backend_name = "cloud";
    options.owner = owner;
    options.state_dir = builds.path().string();
    options.log_level = ELS_LOG_TRACE;
    options.log = [](const sdk::HostLogLine&) {};
    options.secret = [](std::string_view) { return sdk::host_error(ELS_UNAVAILABLE, "no secrets here"); };
    return options;
}

void World::open_first() {
    Findings findings;
    const BackendSettings& backend = settings.backends.at("cloud");
    auto staged = staging.stage_first(plugins.path() / "cloud.so", "cloud");
    REQUIRE(staged.has_value());
    auto entry = load_catalog_entry(backend, settings, (*staged)->file(), findings);
    REQUIRE(entry.has_value());
    REQUIRE(findings.empty());
    entry->staged = *staged;
    auto first = open_generation({1, backend, std::move(*entry), host()});
    REQUIRE(first.has_value());
    slot = std::make_unique<BackendSlot>(std::move(*first));
}

fs::path World::build_of(const fs::path& plugin, const std::string& bytes) const {
    const fs::path file = builds.path() / (plugin.stem().string() + bytes + ".so");
    fs::copy_file(plugin, file, fs::copy_options::overwrite_existing);
    std::ofstream(file, std::ios::app) << bytes;
    chmod(file.c_str(), 0644);
    return file;
}

void World::rename_into_place(const fs::path& file) const { fs::rename(file, plugins.path() / "cloud.so"); }

std::uint64_t World::begin(UpgradeRequest request) {
    if (!upgrades) {
        upgrades = std::make_unique<PluginUpgrades>(surroundings);
        upgrades->add(*slot);
        upgrades->start();
    }
    const auto id = upgrades->request("cloud", "asked for", std::move(request));
    REQUIRE(id.has_value());
    return *id;
}

std::string World::upgrade(UpgradeRequest request) {
    const std::uint64_t id = begin(std::move(request));
    std::string told;
    await(id, [&](const json::object& record) {
        if (!record.at("settled").as_bool()) return false;
        told = std::string(record.at("outcome").as_string()) + ": " + std::string(record.at("reason").as_string());
        return true;
    });
    return told;
}

std::string World::upgrade(const fs::path& file, bool force) {
    UpgradeRequest request;
    request.file = file;
    request.force = force;
    return upgrade(std::move(request));
}

void World::await(std::uint64_t id, const std::function<bool(const json::object&)>& wanted) {
    for (std::size_t seen = 0;;) {
        std::promise<json::object> promise;
        auto news = promise.get_future();
        upgrades->follow(id, seen, [&](json::object record) { promise.set_value(std::move(record)); });
        REQUIRE(news.wait_for(std::chrono::minutes(1)) == std::future_status::ready);
        const json::object record = news.get();
        if (wanted(record)) return;
        seen += record.at("steps").as_array().size();
        INFO(json::serialize(record));
        REQUIRE_FALSE(record.at("settled").as_bool());
    }
}

void World::await_status(const std::function<bool(const json::object&)>& wanted) const {
    await_that("the backend's status", [&] { return wanted(upgrades->describe("cloud")); });
}

void World::await_state(const std::string& wanted) const {
    await_status([&](const json::object& status) { return status.at("state").as_string() == std::string_view(wanted); });
}

std::int64_t World::serving() const {
    return upgrades->describe("cloud").at("generation").to_number<std::int64_t>();
}

namespace {

template <class T>
std::future<std::string> answer_of(BackendSlot& slot, sdk::CallOptions options, BackendPool::Work<T> work) {
    const auto answer = std::make_shared<std::promise<std::string>>();
    slot.submit<T>(std::move(options), std::move(work), [answer](sdk::HostResult<T> result) {
        answer->set_value(result ? "OK" : std::string(sdk::code_name(result.error().code)) + ": " + result.error().message);
    });
    return answer->get_future();
}

}  // namespace

std::future<std::string> World::create(const std::string& key) {
    sdk::HostSpec spec;
    spec.key = spec.name = key;
    return answer_of<sdk::HostInstance>(
        *slot, {sdk::CallKind::change, "create", key, key, 1, std::chrono::minutes(1)},
        [spec](BackendCalls& calls, sdk::HostCall& call) { return calls.create(call, spec); });
}

std::future<std::string> World::list() {
    return answer_of<std::vector<sdk::HostInstance>>(
        *slot, {sdk::CallKind::list, "list", "", "list", 1, std::chrono::minutes(1)},
        [](BackendCalls& calls, sdk::HostCall& call) { return calls.list(call); });
}

std::string World::probe() {
    std::string said;
    sdk::HostCall call("probe", 1, sdk::HostCall::Clock::now() + std::chrono::minutes(1));
    const auto answer = slot->current()->calls().probe(call);
    return answer ? *answer : answer.error().message;
}

std::vector<std::string> World::copies() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(state.path())) names.push_back(entry.path().filename());
    return names;
}

void await_that(const std::string& what, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!holds()) {
        INFO("waited for " << what);
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

}  // namespace elasticity::test
