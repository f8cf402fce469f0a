#include "plugins/common/http_client.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <thread>

#include "tests/unit/docker/call_support.hpp"
#include "tests/unit/docker/scripted_server.hpp"

using namespace elasticity;
using namespace elasticity::test;
using namespace std::chrono_literals;

namespace {

http::Client client_of(const ScriptedServer& server, std::size_t response_bytes_max = 1 << 20) {
    return http::Client({"http://localhost", server.socket_path(), {}}, response_bytes_max);
}

http::Request get(const std::string& target) {
    return {"GET", target, {}, {}};
}
http::Request post(const std::string& target) {
    return {"POST", target, "{}", {}};
}

/// Requests that the server leaves unanswered, until the test ends.
class Silence {
public:
    std::string operator()(const std::string&) {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return over_; });
        return {};
    }
    void await_request() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return waiting_ > 0; });
    }
    void end() {
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool over_ = false;
};

}  // namespace

TEST_CASE("http: status, headers in any case, and body arrive; a later request uses the same connection") {
    ScriptedServer server([](const std::string& request) {
        return request.rfind("GET /one ", 0) == 0 ? answer(200, "first", "Api-Version: 1.41\r\n")
                                                  : answer(404, "second");
    });
    auto client = client_of(server);
    auto call = call_within(5s);
    const auto first = client.send(sdk::Call(call.get()), get("/one"));
    CHECK(first.status == 200);
    CHECK(first.header("api-VERSION") == "1.41");
    CHECK(first.header("absent").empty());
    CHECK(first.body == "first");
    CHECK(client.send(sdk::Call(call.get()), get("/two")).status == 404);
    CHECK(server.connections() == 1);
}

TEST_CASE("http: a POST carries its body and its headers") {
    ScriptedServer server([](const std::string&) { return answer(204, ""); });
    auto client = client_of(server);
    auto call = call_within(5s);
    const http::Request request{"POST", "/x", "{\"a\": 1}", {{"Content-Type", "application/json"}}};
    CHECK(client.send(sdk::Call(call.get()), request).ok());
    const std::string received = server.requests().at(0);
    CHECK(received.find("POST /x HTTP/1.1\r\n") == 0);
    CHECK(received.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(received.substr(received.size() - 8) == "{\"a\": 1}");
}

TEST_CASE("http: no server means unavailable, to be tried again, and nothing can have been done") {
    http::Client client({"http://localhost", "/nonexistent/socket", {}});
    auto call = call_within(5s);
    const auto error = error_of([&] { client.send(sdk::Call(call.get()), post("/x")); });
    CHECK(error.code == ELS_UNAVAILABLE);
    CHECK(error.flags == ELS_ERR_RETRY_SAME);
    CHECK(error.text.find("/nonexistent/socket: POST /x: ") == 0);
}

TEST_CASE("http: a connection that ends before the answer leaves a POST maybe done, a GET not") {
    ScriptedServer server([](const std::string&) { return std::string(); });
    auto client = client_of(server);
    auto call = call_within(5s);
    const auto posted = error_of([&] { client.send(sdk::Call(call.get()), post("/x")); });
    CHECK(posted.code == ELS_UNAVAILABLE);
    CHECK(posted.flags == (ELS_ERR_RETRY_SAME | ELS_ERR_MAYBE_DONE));
    CHECK(error_of([&] { client.send(sdk::Call(call.get()), get("/x")); }).flags == ELS_ERR_RETRY_SAME);
}

TEST_CASE("http: what must not be repeated is sent once, even if the kept connection is dead") {
    std::atomic<int> posts{0};
    ScriptedServer server([&](const std::string& request) {
        if (request.rfind("GET", 0) == 0) return answer(200, "");
        ++posts;
        return std::string();
    });
    auto client = client_of(server);
    auto call = call_within(5s);
    const bool repeatable = GENERATE(true, false);
    client.send(sdk::Call(call.get()), get("/keeps-the-connection"));
    http::Request request = post("/x");
    request.repeatable = repeatable;
    CHECK(error_of([&] { client.send(sdk::Call(call.get()), request); }).code == ELS_UNAVAILABLE);
    CHECK(posts == (repeatable ? 2 : 1));
}

TEST_CASE("http: a cancelled call returns at once, although the server is silent") {
    Silence silence;
    ScriptedServer server([&](const std::string& request) {
        return request.rfind("GET /greeting ", 0) == 0 ? answer(200, "") : silence(request);
    });
    auto client = client_of(server);
    auto call = call_within(60s);
    // On a kept connection no timer of libcurl's own ends the wait by chance.
    client.send(sdk::Call(call.get()), get("/greeting"));
    std::thread canceller([&] {
        silence.await_request();
        call.cancel();
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto error = error_of([&] { client.send(sdk::Call(call.get()), post("/x")); });
    CHECK(error.code == ELS_CANCELLED);
    CHECK(error.flags == ELS_ERR_MAYBE_DONE);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    canceller.join();
    silence.end();
}

TEST_CASE("http: the call's deadline ends a request that is not answered") {
    Silence silence;
    ScriptedServer server(std::ref(silence));
    auto client = client_of(server);
    auto call = call_within(100ms);
    const auto error = error_of([&] { client.send(sdk::Call(call.get()), get("/x")); });
    CHECK(error.code == ELS_DEADLINE_EXCEEDED);
    CHECK(error.flags == ELS_ERR_RETRY_SAME);
    silence.end();
}

TEST_CASE("http: an answer of the longest allowed length is taken, one byte more is refused") {
    ScriptedServer server([](const std::string& request) {
        return answer(200, std::string(request.find("/more") == std::string::npos ? 1000 : 1001, 'x'));
    });
    auto client = client_of(server, 1000);
    auto call = call_within(5s);
    CHECK(client.send(sdk::Call(call.get()), get("/fits")).body.size() == 1000);
    const auto error = error_of([&] { client.send(sdk::Call(call.get()), get("/more")); });
    CHECK(error.code == ELS_INTERNAL);
    CHECK(error.text == "the answer's body exceeds 1000 bytes");
}

TEST_CASE("http: a stream hands on pieces of a success, and keeps the body of an error") {
    ScriptedServer server([](const std::string& request) {
        return request.find("/good") == std::string::npos ? answer(500, "broken")
                                                          : answer(200, std::string(100'000, 'y'));
    });
    auto client = client_of(server, 1000);
    auto call = call_within(5s);
    std::size_t streamed = 0;
    const auto count = [&](std::string_view piece) { streamed += piece.size(); };
    CHECK(client.stream(sdk::Call(call.get()), get("/good"), count).body.empty());
    CHECK(streamed == 100'000);
    CHECK(client.stream(sdk::Call(call.get()), get("/bad"), count).body == "broken");
    CHECK(streamed == 100'000);
}

TEST_CASE("http: what the receiver of a stream throws ends the request and reaches the caller") {
    ScriptedServer server([](const std::string&) { return answer(200, "data"); });
    auto client = client_of(server);
    auto call = call_within(5s);
    const auto refuse = [](std::string_view) { throw sdk::Error(ELS_ABORTED, "enough"); };
    CHECK(error_of([&] { client.stream(sdk::Call(call.get()), get("/x"), refuse); }).text == "enough");
}

TEST_CASE("http: threads at once have connections of their own, and all are answered") {
    ScriptedServer server(
        [](const std::string& request) { return answer(200, request.substr(5, request.find(" H") - 5)); });
    auto client = client_of(server);
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; ++number) {
        threads.emplace_back([&, number] {
            auto call = call_within(10s);
            for (int repeat = 0; repeat < 20; ++repeat) {
                const std::string text = std::to_string(number * 100 + repeat);
                right += client.send(sdk::Call(call.get()), get("/" + text)).body == text;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(right == 160);
    CHECK(server.connections() <= 8);
}

TEST_CASE("http: escape leaves only what a path and a query cannot misread") {
    CHECK(http::escape("aZ09-._~") == "aZ09-._~");
    CHECK(http::escape("a/b?c=d&e f%\n\xc3\xa9") == "a%2Fb%3Fc%3Dd%26e%20f%25%0A%C3%A9");
}
