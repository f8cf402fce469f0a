#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string_view>

#include "core/daemon/log.hpp"
#include "core/plugin_host/isolation/plugin_server.hpp"

/// The children of the tests are this program, too.
int main(int argc, char** argv) {
    if (argc == 5 && std::string_view(argv[1]) == "plugin-host") return elasticity::run_plugin_host(std::atoi(argv[3]));
    elasticity::start_log({elasticity::LogFormat::text, elasticity::LogLevel::error});
    return Catch::Session().run(argc, argv);
}
