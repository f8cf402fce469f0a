#define CATCH_CONFIG_RUNNER
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string_view>

#include "core/plugin_host/isolation/frame.hpp"
#include "core/plugin_host/isolation/message.hpp"
#include "core/plugin_host/isolation/plugin_server.hpp"
#include "core/plugin_host/isolation/spawner.hpp"

namespace {

using namespace elasticity;

void say(const std::string& bytes) {
    if (write(plugin_host_descriptor, bytes.data(), bytes.size()) < 0) std::exit(9);
}

/// The children of the tests are this program, too. A backend's name may ask for a false one.
int run_as_child(pid_t parent, std::string_view backend) {
    if (backend == "says garbage") say("SSH-2.0-OpenSSH_9.2\r\n");
    else if (backend == "is older") say(*to_frame(to_text({WireMessage::Kind::hello, 0, {}})));
    else if (backend == "says a call") say(*to_frame(to_text({WireMessage::Kind::call, isolation_protocol, {}})));
    else if (backend == "ends at once") return 3;
    else return run_plugin_host(parent);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 5 && std::string_view(argv[1]) == "plugin-host") return run_as_child(std::atoi(argv[3]), argv[4]);
    return Catch::Session().run(argc, argv);
}
