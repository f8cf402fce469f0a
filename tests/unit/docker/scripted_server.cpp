#include "tests/unit/docker/scripted_server.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace elasticity::test {
namespace {

void require(bool done, const char* what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

/// How long the request at the beginning of `text` is; 0 while it is incomplete.
std::size_t request_length(const std::string& text) {
    const auto head_end = text.find("\r\n\r\n");
    if (head_end == std::string::npos) return 0;
    std::size_t length = head_end + 4;
    const auto field = text.find("Content-Length: ");
    if (field < head_end) length += std::stoul(text.substr(field + 16));
    return length <= text.size() ? length : 0;
}

void send_all(int connection, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // the client has gone, which is its right
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

}  // namespace

std::string answer(int status, const std::string& body, const std::string& headers) {
    return "HTTP/1.1 " + std::to_string(status) + " -\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + headers + "\r\n" + body;
}

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
    char pattern[] = "/tmp/elasticity-scripted.XXXXXX";
    require(mkdtemp(pattern) != nullptr, "mkdtemp");
    directory_ = pattern;
    socket_path_ = directory_ + "/socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path_.c_str(), sizeof address.sun_path - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(listener_ >= 0, "socket");
    require(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    require(listen(listener_, 64) == 0, "listen");
    acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int connection : open_) shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int connection : open_) close(connection);
    close(listener_);
    std::filesystem::remove_all(directory_);
}

std::vector<std::string> ScriptedServer::requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::vector<std::string> ScriptedServer::request_lines() {
    std::vector<std::string> lines;
    for (const std::string& request : requests()) lines.push_back(request.substr(0, request.find(" HTTP/")));
    return lines;
}

void ScriptedServer::accept_all() {
    for (;;) {
        const int connection = accept(listener_, nullptr, nullptr);
        if (connection < 0) return;
        ++connections_;
        const std::lock_guard lock(mutex_);
        open_.push_back(connection);
        threads_.emplace_back([this, connection] { serve(connection); });
    }
}

void ScriptedServer::serve(int connection) {
    std::string received;
    char piece[4096];
    for (;;) {
        while (request_length(received) == 0) {
            const ssize_t count = recv(connection, piece, sizeof piece, 0);
            if (count <= 0) return;
            received.append(piece, static_cast<std::size_t>(count));
        }
        const std::size_t length = request_length(received);
        const std::string request = received.substr(0, length);
        received.erase(0, length);
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
        }
        const std::string reply = handler_(request);
        if (reply.empty()) {
            shutdown(connection, SHUT_RDWR);
            return;
        }
        send_all(connection, reply);
    }
}

}  // namespace elasticity::test
