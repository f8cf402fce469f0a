#include "plugins/process/worker_environment.hpp"

#include <catch2/catch.hpp>

using namespace elasticity::process;
namespace sdk = elasticity::sdk;

namespace {

const Account account{"worker", "/home/worker", 1, 1, {}};

std::vector<std::string> environment_with(std::vector<sdk::Variable> variables) {
    sdk::Spec spec;
    spec.key = "k-1";
    spec.hash = 7;
    spec.env = std::move(variables);
    return worker_environment(spec, "me", account);
}

}  // namespace

TEST_CASE("environment: a worker has its identity, the usual variables and the spec's, and no more") {
    const auto environment = environment_with({{"A", "1", false}});
    CHECK(value_in(environment, "ELASTICITY_OWNER") == "me");
    CHECK(value_in(environment, "ELASTICITY_KEY") == "k-1");
    CHECK(value_in(environment, "ELASTICITY_SPEC_HASH") == "7");
    CHECK(value_in(environment, "HOME") == "/home/worker");
    CHECK(value_in(environment, "A") == "1");
    CHECK(environment.size() == 10);
}

TEST_CASE("environment: the spec's own PATH is the only one") {
    const auto environment = environment_with({{"PATH", "/opt/bin", false}});
    CHECK(value_in(environment, "PATH") == "/opt/bin");
    CHECK(std::count_if(environment.begin(), environment.end(),
                        [](const std::string& entry) { return entry.starts_with("PATH="); }) == 1);
}

TEST_CASE("environment: an identity cannot be forged, and a refusal does not show the value") {
    const std::string_view with_nul("se\0cret", 7);
    for (const sdk::Variable& bad : {sdk::Variable{"ELASTICITY_KEY", "secret", true},
                                     {"", "secret", true},
                                     {"A=B", "secret", true},
                                     {"A", with_nul, true}}) {
        try {
            environment_with({bad});
            FAIL("accepted");
        } catch (const sdk::Error& error) {
            CHECK(error.code == ELS_INVALID_ARGUMENT);
            CHECK(error.text.find("secret") == std::string::npos);
        }
    }
}
