#include "tests/unit/sdk/support.hpp"

#include <catch2/catch.hpp>

namespace elasticity::sdk::test {

std::string fixture(const std::string& name) { return std::string(SDK_FIXTURE_DIR) + "/" + name + ".so"; }

std::shared_ptr<Backend> open_backend(const std::string& file, const std::string& config,
                                      HostOptions options) {
    const HostResult<std::shared_ptr<const Library>> library = Library::load(file);
    REQUIRE((library.has_value() ? "" : library.error().message) == "");
    if (options.backend_name.empty()) options.backend_name = "test";
    if (options.owner.empty()) options.owner = "owner-1";
    const HostResult<std::shared_ptr<Backend>> backend =
        Backend::open(*library, *(*library)->plugins().front(), config, std::move(options));
    REQUIRE((backend.has_value() ? "" : backend.error().message) == "");
    return *backend;
}

std::shared_ptr<Backend> open_noop(const std::string& config) { return open_backend(NOOP_PLUGIN, config); }

std::unique_ptr<HostCall> new_call() {
    return std::make_unique<HostCall>("request-1", 1, HostCall::Clock::now() + std::chrono::seconds(30));
}

HostSpec spec_of(const std::string& key, std::uint64_t hash) {
    HostSpec spec;
    spec.key = key;
    spec.name = "name-" + key;
    spec.tool = "tool of " + key;
    spec.hash = hash;
    return spec;
}

}  // namespace elasticity::sdk::test
