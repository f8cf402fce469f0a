#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/plugin_host/loaded_plugin.hpp"
#include "tests/unit/isolation/support.hpp"

using namespace elasticity;
using namespace elasticity::test;
using std::chrono::milliseconds;

namespace {

constexpr auto lost = "UNAVAILABLE MAYBE_DONE: the plugin's process is lost: it ";

std::string greeting_of(const std::string& backend) {
    ChildOptions options;
    options.backend = backend;
    options.log = [](const sdk::HostLogLine&) {};
    return told(Child::start(options));
}

BackendSettings backend_of(const std::string& mode) {
    BackendSettings backend;
    backend.name = "test";
    backend.plugin = mode;
    backend.isolation = Isolation::process;
    return backend;
}

}  // namespace

TEST_CASE("child: create, list and destroy mean what they mean in process") {
    World world("{}", NOOP_PLUGIN);
    const auto backend = world.open();
    const auto created = backend->create(*new_call(), spec_of("w-1"));
    REQUIRE(told(created) == "OK");
    CHECK(created->key == "w-1");
    CHECK(created->id == "noop-1");
    CHECK(created->spec_hash == 1);
    const auto again = backend->create(*new_call(), spec_of("w-1"));
    REQUIRE(told(again) == "OK");
    CHECK(again->id == "noop-1");
    auto other = spec_of("w-1");
    other.hash = 2;
    CHECK(told(backend->create(*new_call(), other)) ==
          "ALREADY_EXISTS: the key is taken by a worker of another spec");
    const auto listed = backend->list(*new_call());
    REQUIRE(told(listed) == "OK");
    REQUIRE(listed->size() == 1);
    CHECK(listed->front().key == "w-1");
    CHECK(told(backend->destroy(*new_call(), {"w-1", ""}, milliseconds(0))) == "OK");
    CHECK(backend->list(*new_call())->empty());
    CHECK(world.lines->count("worker created") == 1);
}

TEST_CASE("child: a plugin that dies in a call costs that call, and another process serves") {
    const auto [mode, ending] = GENERATE(table<std::string, std::string>({
        {"segfault in create", "was killed by signal 11 (Segmentation fault)"},
        {"abort in create", "was killed by signal 6 (Aborted)"},
        {"exit in create", "ended with exit code 7"},
    }));
    World world(mode);
    const auto backend = world.open();
    for (std::size_t i = 1; i <= 3; ++i) {
        CHECK(told(backend->create(*new_call(), spec_of("w-1"))) == lost + ending);
        CHECK(told(backend->list(*new_call())) == "OK");
    }
    CHECK(world.lines->count("it is started again in 10 ms") == 3);
    CHECK(world.lines->count("serves again, as process ") == 3);
}

TEST_CASE("child: a plugin that obeys its cancel keeps its process") {
    World world("wait in create");
    const auto backend = world.open();
    const auto before = children();
    CHECK(told(backend->create(*new_call(milliseconds(50)), spec_of("w-1"))).find("lost") == std::string::npos);
    const auto call = new_call();
    auto created = std::async(std::launch::async, [&] { return told(backend->create(*call, spec_of("w-1"))); });
    call->cancel();
    CHECK(created.get().starts_with("CANCELLED"));
    CHECK(children() == before);
}

TEST_CASE("child: a call that does not return after its cancel costs the process, and its siblings UNAVAILABLE") {
    World world("hang in create, wait in list");
    const auto backend = world.open();
    auto sibling = std::async(std::launch::async, [&] { return told(backend->list(*new_call())); });
    CHECK(told(backend->create(*new_call(milliseconds(100)), spec_of("w-1"))) ==
          "DEADLINE_EXCEEDED MAYBE_DONE: create did not return within 300 ms of being cancelled");
    CHECK(sibling.get() ==
          "UNAVAILABLE: the plugin's process is lost: create did not return within 300 ms of being cancelled");
    world.lines->await("serves again");
    CHECK(told(backend->probe(*new_call())) == "OK");
}

TEST_CASE("child: a list that never returns ends at its deadline") {
    World world("hang in list");
    const auto backend = world.open();
    CHECK(told(backend->list(*new_call(milliseconds(100)))) ==
          "DEADLINE_EXCEEDED: list did not return within 300 ms of being cancelled");
    CHECK(told(backend->create(*new_call(), spec_of("w-1"))) == "OK");
}

TEST_CASE("child: what a plugin prints is logged, some of it, and harms nothing") {
    World world("rubbish in create");
    const auto backend = world.open();
    CHECK(told(backend->create(*new_call(), spec_of("w-1"))) == "OK");
    world.lines->await("printed: {\"not\": a frame");
    CHECK(told(backend->create(*new_call(), spec_of("w-2"))) == "OK");
    CHECK(world.lines->count("printed: ") <= 51);
}

TEST_CASE("child: a plugin that breaks the stream costs its process") {
    const auto [mode, why] = GENERATE(table<std::string, std::string>({
        {"close in create", "ended with exit code 1"},
        {"garbage in create", "does not keep to the protocol: a frame of 1213486160 bytes"},
    }));
    World world(mode);
    const auto backend = world.open();
    CHECK(told(backend->create(*new_call(), spec_of("w-1"))).starts_with(lost + why));
    CHECK(told(backend->list(*new_call())) == "OK");
}

TEST_CASE("child: a list of 2,000 comes whole, with texts made valid and NaN as nothing") {
    World world("2000 instances");
    const auto listed = world.open()->list(*new_call());
    REQUIRE(told(listed) == "OK");
    REQUIRE(listed->size() == 2000);
    CHECK(listed->at(1999).key == "w-1999");
    CHECK(listed->at(0).name == "broken \xEF\xBF\xBD( name");
    CHECK(listed->at(0).spec_hash == ~std::uint64_t{0});
    CHECK(listed->at(0).load1 == 0.5);
    CHECK(listed->at(1).load1 == std::nullopt);
}

TEST_CASE("child: a list whose batches exceed a frame comes in smaller ones") {
    World world("large instances");
    const auto listed = world.open()->list(*new_call());
    REQUIRE(told(listed) == "OK");
    CHECK(listed->size() == 60);
    CHECK(listed->back().detail.size() == 60'000);
}

TEST_CASE("child: a spec that exceeds a frame is refused, and nothing is lost") {
    World world("");
    const auto backend = world.open();
    auto spec = spec_of("w-1");
    spec.env = {{"BIG", std::string(2'000'000, 'x'), false}};
    CHECK(told(backend->create(*new_call(), spec)).starts_with("INVALID_ARGUMENT: create cannot be sent"));
    CHECK(told(backend->list(*new_call())) == "OK");
}

TEST_CASE("child: many calls at once each get their own answer") {
    World world("");
    sdk::CallPoolOptions pool_options;
    pool_options.threads = 8;
    BackendPool pool(world.open(), pool_options);
    std::vector<std::future<std::string>> answers;
    for (int i = 0; i < 500; ++i) {
        const auto answer = std::make_shared<std::promise<std::string>>();
        answers.push_back(answer->get_future());
        const std::string key = "w-" + std::to_string(i);
        pool.submit<sdk::HostInstance>(
            {sdk::CallKind::change, "create", key, key},
            [key](BackendCalls& backend, sdk::HostCall& call) { return backend.create(call, spec_of(key)); },
            [answer](sdk::HostResult<sdk::HostInstance> result) { answer->set_value(result ? result->key : told(result)); });
    }
    for (int i = 0; i < 500; ++i) CHECK(answers[static_cast<std::size_t>(i)].get() == "w-" + std::to_string(i));
}

TEST_CASE("child: a secret is asked of the daemon within the call that wants it, and its error arrives") {
    World world("secret");
    CHECK(*world.open()->probe(*new_call()) == R"(secret of {"env":"X"})");
    world.options.host.secret = [](std::string_view) -> sdk::HostResult<std::string> {
        return sdk::host_error(ELS_UNAVAILABLE, "no such file");
    };
    CHECK(told(world.open()->probe(*new_call())) == "UNAVAILABLE: no such file");
}

TEST_CASE("child: it inherits its socket, and nothing else beside standard input, output and error") {
    int leaked[2];
    REQUIRE(pipe(leaked) == 0);
    World world("descriptors");
    const auto names = world.open()->probe(*new_call());
    close(leaked[0]);
    close(leaked[1]);
    CHECK(*names == "0 1 2 3 ");
}

TEST_CASE("child: one that is killed is replaced, and its calls end") {
    World world("wait in list");
    const auto backend = world.open();
    const auto running = children();
    REQUIRE(running.size() == 1);
    auto listed = std::async(std::launch::async, [&] { return told(backend->list(*new_call())); });
    world.lines->await("waits in list");
    kill(running[0], SIGKILL);
    CHECK(listed.get().find("it was killed by signal 9 (Killed)") != std::string::npos);
    world.lines->await("serves again");
    CHECK(told(backend->probe(*new_call())) == "OK");
    CHECK(children().size() == 1);
}

TEST_CASE("child: one that dies early is started ever more slowly, one that answered is not") {
    World world("");
    const auto backend = world.open();
    std::size_t serves = 0;
    for (const char* wait : {"again in 10 ms", "again in 20 ms", "again in 40 ms"}) {
        kill(children().at(0), SIGKILL);
        world.lines->await("serves again", ++serves);
        CHECK(world.lines->count(wait) == 1);
    }
    CHECK(told(backend->probe(*new_call())) == "OK");
    kill(children().at(0), SIGKILL);
    world.lines->await("serves again", ++serves);
    CHECK(world.lines->count("again in 10 ms") == 2);
}

TEST_CASE("child: one that dies in its activation is an error of that") {
    World world("segfault in activate");
    const auto backend = ChildBackend::open(world.options);
    REQUIRE(told(backend) == "OK");
    CHECK(told((*backend)->activate(*new_call())).find("signal 11") != std::string::npos);
}

TEST_CASE("child: none is left when its backend is closed") {
    {
        World world("");
        const auto backend = world.open();
        REQUIRE(children().size() == 1);
    }
    CHECK(children().empty());
}

TEST_CASE("child: a process that does not greet as it should is told and reaped") {
    constexpr auto unusable = "UNAVAILABLE: the plugin's process cannot be used: ";
    CHECK(greeting_of("says garbage").starts_with(unusable + std::string("a frame of 1397966893 bytes")));
    CHECK(greeting_of("is older").starts_with(unusable + std::string("it speaks protocol 0, 1 was wanted")));
    CHECK(greeting_of("says a call").starts_with(unusable + std::string("its first message is no greeting")));
    CHECK(greeting_of("ends at once").ends_with("; it ended with exit code 3"));
    CHECK(children().empty());
}

TEST_CASE("child: a plugin that crashes while it is loaded or asked is an error of that plugin") {
    const auto loaded = load_plugin(fixture("crashing_constructor"), backend_of("x"));
    CHECK(told(loaded).find("it was killed by signal 11") != std::string::npos);
    const auto faulty = load_plugin(fixture("faulty"), backend_of("x"));
    REQUIRE(told(faulty) == "OK");
    CHECK(faulty->first().id == "org.example.faulty");
    CHECK(faulty->first().description.contains("config_schema"));
    CHECK(told(faulty->check_config("{}")) == "OK");
    CHECK(told(faulty->check_config("segfault in check")).find("it was killed by signal 11") != std::string::npos);
    World world("abort in open");
    CHECK(told(ChildBackend::open(world.options)).find("it was killed by signal 6") != std::string::npos);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("child: a plugin that leaks ends at its limit, and another process has room again") {
    World world("leak in create");
    world.options.memory_bytes_max = std::uint64_t{256} << 20;
    const auto backend = world.open();
    for (std::size_t i = 1; i <= 2; ++i) {
        CHECK(told(backend->create(*new_call(), spec_of("w-1"))).starts_with(lost));
        world.lines->await("serves again", i);
        CHECK(told(backend->list(*new_call())) == "OK");
    }
    CHECK(world.lines->count("printed: out of memory, see plugin_memory_bytes") == 2);
}
#endif

TEST_CASE("child: what one plugin does keeps no call of another waiting") {
    const auto mode = GENERATE(as<std::string>(), "hang in create", "segfault in create", "abort in create",
                               "exit in create", "rubbish in create", "garbage in create");
    CAPTURE(mode);
    World bad_world(mode), good_world("");
    const auto bad = bad_world.open(), good = good_world.open();
    auto created = std::async(std::launch::async,
                              [&] { return bad->create(*new_call(milliseconds(500)), spec_of("w-1")); });
    const std::string process = *good->probe(*new_call());
    do CHECK(told(good->list(*new_call(std::chrono::seconds(5)))) == "OK");
    while (created.wait_for(milliseconds(0)) != std::future_status::ready);
    CHECK(*good->probe(*new_call()) == process);
    CHECK(good_world.lines->all().empty());
}
