// An HTTP server of a few lines on a Unix socket, whose answers the test writes.
#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace elasticity::test {

/// The handler gets a whole request (head and body) and returns the raw answer; an empty one closes the
/// connection instead. It is called from one thread per connection.
class ScriptedServer {
public:
    using Handler = std::function<std::string(const std::string& request)>;

    explicit ScriptedServer(Handler handler);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    const std::string& socket_path() const { return socket_path_; }
    int connections() const { return connections_; }
    /// All requests that came, in the order of their arrival.
    std::vector<std::string> requests();
    /// Their first lines without "HTTP/1.1": "GET /_ping".
    std::vector<std::string> request_lines();

private:
    void accept_all();
    void serve(int connection);

    Handler handler_;
    std::string directory_;
    std::string socket_path_;
    int listener_ = -1;
    std::atomic<int> connections_{0};
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::string> requests_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// "HTTP/1.1 STATUS" with that body and its length.
std::string answer(int status, const std::string& body, const std::string& headers = {});

}  // namespace elasticity::test
