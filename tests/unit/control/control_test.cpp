#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>

#include "core/io/control/control_client.hpp"
#include "core/io/control/control_server.hpp"
#include "tests/unit/state_io/support.hpp"

namespace elasticity {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

void echo(boost::json::object request, const ControlRespond& respond) {
    respond({{"echo", std::move(request)}});
}

std::string ask(ControlClient& client, const boost::json::object& request) {
    return boost::json::serialize(must(client.call(request, 5s)));
}

/// A client that sends what it likes.
class RawClient {
public:
    explicit RawClient(const std::filesystem::path& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        REQUIRE(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    void send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void finish() { ::shutdown(socket_.get(), SHUT_WR); }
    std::string receive_all() {
        std::string text;
        char buffer[4096];
        for (ssize_t got = 0; (got = ::recv(socket_.get(), buffer, sizeof buffer, 0)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(got));
        }
        return text;
    }

private:
    FileDescriptor socket_;
};

}  // namespace

TEST_CASE("control: requests of one connection are answered one after the other") {
    const TempDir temp;
    const auto server = must(ControlServer::listen(temp / "control.sock", echo));
    ControlClient client = must(ControlClient::connect(temp / "control.sock"));
    CHECK(ask(client, {{"n", 1}}) == R"({"echo":{"n":1}})");
    CHECK(ask(client, {{"text", "a\nb"}}) == R"({"echo":{"text":"a\nb"}})");
    RawClient raw(temp / "control.sock");
    raw.send("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    raw.finish();
    CHECK(raw.receive_all() == "{\"echo\":{\"n\":1}}\n{\"echo\":{\"n\":2}}\n{\"echo\":{\"n\":3}}\n");
}

TEST_CASE("control: the socket is its owner's alone, and goes with the server") {
    const TempDir temp;
    auto server = must(ControlServer::listen(temp / "control.sock", echo));
    struct stat status {};
    REQUIRE(::stat((temp / "control.sock").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    server.reset();
    CHECK(!std::filesystem::exists(temp / "control.sock"));
}

TEST_CASE("control: without a daemon the client says so") {
    const TempDir temp;
    const auto client = ControlClient::connect(temp / "control.sock");
    REQUIRE(!client);
    CHECK(client.error().kind == ErrorKind::unavailable);
    CHECK(client.error().message == "no daemon is listening at " + (temp / "control.sock").string());
}

TEST_CASE("control: a dead daemon's socket is replaced, a live one is not") {
    const TempDir temp;
    const auto path = temp / "control.sock";
    {
        const FileDescriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    CHECK(!ControlClient::connect(path));
    const auto server = must(ControlServer::listen(path, echo));
    const auto second = ControlServer::listen(path, echo);
    REQUIRE(!second);
    CHECK(second.error().kind == ErrorKind::conflict);
    ControlClient client = must(ControlClient::connect(path));
    CHECK(ask(client, {}) == R"({"echo":{}})");
}

TEST_CASE("control: a file that is no socket, and a path that is too long, are refused") {
    const TempDir temp;
    spill(temp / "control.sock", "precious");
    CHECK(ControlServer::listen(temp / "control.sock", echo).error().kind == ErrorKind::refused);
    CHECK(slurp(temp / "control.sock") == "precious");
    const auto path = temp / std::string(150, 'x');
    CHECK_THAT(ControlServer::listen(path, echo).error().message, Contains("too long"));
    CHECK_THAT(ControlClient::connect(path).error().message, Contains("too long"));
}

TEST_CASE("control: what is no JSON object is answered, and the connection lives on") {
    const TempDir temp;
    const auto server = must(ControlServer::listen(temp / "control.sock", echo));
    RawClient raw(temp / "control.sock");
    raw.send("\n[1]\n{\"a\"\n\xff\xfe\n{\"ok\":1}\n");
    raw.finish();
    const std::string answers = raw.receive_all();
    CHECK(std::count(answers.begin(), answers.end(), '\n') == 5);
    CHECK_THAT(answers, Contains("a JSON object was wanted") && Contains("{\"echo\":{\"ok\":1}}"));
}

TEST_CASE("control: a request of a megabyte passes, a larger one is answered and its connection ends") {
    const TempDir temp;
    const auto server = must(ControlServer::listen(temp / "control.sock", echo));
    const std::string frame = R"({"a":""})";
    ControlClient client = must(ControlClient::connect(temp / "control.sock"));
    const std::size_t room = control_request_bytes_max - frame.size() - 1;
    CHECK(client.call({{"a", std::string(room, 'x')}}, 10s).has_value());
    CHECK_THAT(client.call({{"a", std::string(room + 1, 'x')}}, 10s).error().message, Contains("at most"));
    RawClient raw(temp / "control.sock");
    raw.send(std::string(control_request_bytes_max + 1, 'x'));
    CHECK_THAT(raw.receive_all(), Contains("too_large"));
}

TEST_CASE("control: an answer may come later, from any thread, also after the server is gone") {
    const TempDir temp;
    std::mutex mutex;
    std::vector<ControlRespond> held;
    std::promise<void> two_held;
    auto server = must(ControlServer::listen(temp / "control.sock", [&](auto, ControlRespond respond) {
        const std::lock_guard lock(mutex);
        held.push_back(std::move(respond));
        if (held.size() == 2) two_held.set_value();
    }));
    std::atomic<int> got_late = 0;
    std::promise<void> one_got_late;
    auto call = [&] {
        auto answer = must(ControlClient::connect(temp / "control.sock")).call({}, 30s);
        if (answer && *answer == "late" && got_late++ == 0) one_got_late.set_value();
        return answer;
    };
    auto first = std::async(std::launch::async, call);
    auto second = std::async(std::launch::async, call);
    two_held.get_future().wait();
    std::thread([&] { held[0]("late"); }).join();
    SECTION("the other too") { held[1]("late"); }
    SECTION("the server goes first") {
        // What is given to a server that goes may not be sent any more.
        one_got_late.get_future().wait();
        server.reset();
        held[1]("too late");
    }
    const auto answers = {first.get(), second.get()};
    const auto is_late = [](const auto& answer) { return answer && *answer == "late"; };
    CHECK(std::any_of(answers.begin(), answers.end(), is_late));
}

TEST_CASE("control: a request that is dropped unanswered ends its client's connection at once") {
    const TempDir temp;
    const auto drop = [](auto, const ControlRespond&) {};
    const auto server = must(ControlServer::listen(temp / "control.sock", drop));
    ControlClient client = must(ControlClient::connect(temp / "control.sock"));
    CHECK_THAT(client.call({}, 5s).error().message, Contains("the daemon closed the connection"));
}

TEST_CASE("control: a second answer to one request is ignored") {
    const TempDir temp;
    const auto server = must(ControlServer::listen(temp / "control.sock", [](auto, ControlRespond respond) {
        respond("first");
        respond("second");
    }));
    ControlClient client = must(ControlClient::connect(temp / "control.sock"));
    CHECK(ask(client, {}) == "\"first\"");
    CHECK(ask(client, {}) == "\"first\"");
}

TEST_CASE("control: a call ends at its deadline") {
    const TempDir temp;
    std::promise<ControlRespond> held;
    const auto server = must(ControlServer::listen(
        temp / "control.sock", [&](auto, ControlRespond respond) { held.set_value(std::move(respond)); }));
    ControlClient client = must(ControlClient::connect(temp / "control.sock"));
    const auto answer = client.call({}, 30ms);
    REQUIRE(!answer);
    CHECK(answer.error().kind == ErrorKind::unavailable);
    CHECK_THAT(answer.error().message, Contains("did not answer in time"));
}

TEST_CASE("control: more clients than places are served as the others leave") {
    const TempDir temp;
    const auto server = must(ControlServer::listen(temp / "control.sock", echo));
    std::vector<ControlClient> clients;
    for (std::size_t i = 0; i < control_clients_max + 1; ++i) {
        clients.push_back(must(ControlClient::connect(temp / "control.sock")));
    }
    for (std::size_t i = 0; i < control_clients_max; ++i) ask(clients[i], {});
    CHECK(!clients.back().call({}, 30ms));
    clients.erase(clients.begin());
    ControlClient late = must(ControlClient::connect(temp / "control.sock"));
    clients.erase(clients.begin());
    CHECK(ask(late, {}) == R"({"echo":{}})");
}

TEST_CASE("control: eight clients at once each get their own answers") {
    const TempDir temp;
    const auto server = must(ControlServer::listen(temp / "control.sock", echo));
    std::vector<std::future<bool>> clients;
    for (int c = 0; c < 8; ++c) {
        clients.push_back(std::async(std::launch::async, [&, c] {
            auto client = ControlClient::connect(temp / "control.sock");
            bool right = client.has_value();
            for (int i = 0; right && i < 50; ++i) {
                const boost::json::object request{{"client", c}, {"call", i}};
                const auto answer = client->call(request, 5s);
                right = answer && answer->at("echo") == boost::json::value(request);
            }
            return right;
        }));
    }
    for (auto& client : clients) CHECK(client.get());
}

}  // namespace elasticity
