#include "core/io/control/control_server.hpp"

#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <thread>
#include <unordered_map>

#include "core/io/control/control_client.hpp"
#include "core/io/state/durable_file.hpp"

namespace elasticity {

namespace asio = boost::asio;
using boost::system::error_code;
using UnixSocket = asio::local::stream_protocol;

/// Shared with the answers that are still to come: whoever outlives the server finds it gone.
///
/// All but `post_answer` runs on the server's thread.
class ControlServer::Core : public std::enable_shared_from_this<Core> {
public:
    explicit Core(ControlHandler handler) : handler_(std::move(handler)) {}

    Result<> start(const std::filesystem::path& socket_path);
    void stop();

    /// Any thread. Without a line the client's connection ends.
    void post_answer(std::uint64_t client, std::string line) {
        asio::post(context_, [this, client, line = std::move(line)]() mutable {
            if (line.empty()) end(client);
            else send(client, std::move(line), AfterAnswer::read_on);
        });
    }

private:
    enum class AfterAnswer { read_on, end };
    class Answer;

    struct Session {
        explicit Session(UnixSocket::socket accepted) : socket(std::move(accepted)) {}
        UnixSocket::socket socket;
        std::string received;
        std::string answer;
    };

    void accept();
    void pause_accepting();
    void read(std::uint64_t client);
    void take(std::uint64_t client, std::string_view line);
    void send(std::uint64_t client, std::string line, AfterAnswer after);
    void end(std::uint64_t client);

    ControlHandler handler_;
    asio::io_context context_{1};
    UnixSocket::acceptor acceptor_{context_};
    asio::steady_timer pause_{context_};
    bool accepting_ = false;
    std::uint64_t last_client_ = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions_;
    std::thread thread_;
};

/// The right to answer one request, once.
class ControlServer::Core::Answer {
public:
    Answer(std::weak_ptr<Core> core, std::uint64_t client) : core_(std::move(core)), client_(client) {}
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer() { give(""); }

    void give(std::string line) {
        if (given_.exchange(true)) return;
        if (const auto core = core_.lock()) core->post_answer(client_, std::move(line));
    }

private:
    std::weak_ptr<Core> core_;
    std::uint64_t client_;
    std::atomic<bool> given_ = false;
};

namespace {

std::string error_line(std::string_view code, std::string_view message) {
    const boost::json::object answer{{"error", {{"code", code}, {"message", message}}}};
    return boost::json::serialize(answer) + "\n";
}

Result<> check_length(const std::filesystem::path& socket_path) {
    constexpr std::size_t bytes_max = sizeof(sockaddr_un::sun_path) - 1;
    if (socket_path.native().size() <= bytes_max) return {};
    return Error{ErrorKind::invalid, socket_path.string() + ": too long for a socket's path, at most " +
                                         std::to_string(bytes_max) + " bytes"};
}

/// The socket file of a daemon that died is in the way of its successor.
Result<> remove_stale(const std::filesystem::path& socket_path) {
    struct stat status {};
    if (::lstat(socket_path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return system_error(socket_path, "read its status", errno);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return Error{ErrorKind::refused, socket_path.string() + ": is no socket, remove it"};
    }
    const auto client = ControlClient::connect(socket_path);
    if (client) {
        return Error{ErrorKind::conflict, socket_path.string() + ": another daemon is listening there"};
    }
    if (client.error().kind != ErrorKind::unavailable) return client.error();
    return remove_file(socket_path);
}

}  // namespace

Result<> ControlServer::Core::start(const std::filesystem::path& socket_path) {
    error_code error;
    acceptor_.open(UnixSocket(), error);
    if (!error) acceptor_.bind(UnixSocket::endpoint(socket_path.string()), error);
    if (error) return system_error(socket_path, "bind", error.value());
    // Before `listen`, so that nobody can connect while the mode is that of the umask.
    if (::chmod(socket_path.c_str(), 0600) != 0) return system_error(socket_path, "set the mode", errno);
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return system_error(socket_path, "listen", error.value());
    accept();
    thread_ = std::thread([this] { context_.run(); });
    return {};
}

void ControlServer::Core::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    sessions_.clear();
}

void ControlServer::Core::accept() {
    accepting_ = sessions_.size() < control_clients_max;
    if (!accepting_) return;  // `end` accepts again
    acceptor_.async_accept([this](error_code error, UnixSocket::socket socket) {
        if (error) return pause_accepting();
        const std::uint64_t client = ++last_client_;
        sessions_.emplace(client, std::make_shared<Session>(std::move(socket)));
        read(client);
        accept();
    });
}

/// Out of file descriptors the same client would be offered again at once: give others time to leave.
void ControlServer::Core::pause_accepting() {
    pause_.expires_after(std::chrono::milliseconds(200));
    pause_.async_wait([this](error_code) { accept(); });
}

void ControlServer::Core::read(std::uint64_t client) {
    const auto session = sessions_.at(client);
    asio::async_read_until(
        session->socket, asio::dynamic_buffer(session->received, control_request_bytes_max), '\n',
        [this, client, session](error_code error, std::size_t size) {
            if (error == asio::error::not_found) {
                const auto line = error_line("too_large", "a request may have " +
                                                              std::to_string(control_request_bytes_max) +
                                                              " bytes, its line end included");
                return send(client, line, AfterAnswer::end);
            }
            if (error) return end(client);
            const std::string line = session->received.substr(0, size - 1);
            session->received.erase(0, size);
            take(client, line);
        });
}

void ControlServer::Core::take(std::uint64_t client, std::string_view line) {
    error_code error;
    auto request = boost::json::parse(line, error);
    if (error || !request.is_object()) {
        const std::string reason = error ? "no JSON: " + error.message() : "a JSON object was wanted";
        return send(client, error_line("invalid_request", reason), AfterAnswer::read_on);
    }
    const auto answer = std::make_shared<Answer>(weak_from_this(), client);
    handler_(std::move(request.as_object()), [answer](const boost::json::value& value) {
        answer->give(boost::json::serialize(value) + "\n");
    });
}

void ControlServer::Core::send(std::uint64_t client, std::string line, AfterAnswer after) {
    const auto found = sessions_.find(client);
    if (found == sessions_.end()) return;
    const auto session = found->second;
    session->answer = std::move(line);
    asio::async_write(session->socket, asio::buffer(session->answer),
                      [this, client, session, after](error_code error, std::size_t) {
                          if (error || after == AfterAnswer::end) end(client);
                          else read(client);
                      });
}

void ControlServer::Core::end(std::uint64_t client) {
    sessions_.erase(client);
    if (!accepting_) accept();
}

ControlServer::ControlServer(std::filesystem::path socket_path, std::shared_ptr<Core> core)
    : socket_path_(std::move(socket_path)), core_(std::move(core)) {}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::filesystem::path& socket_path,
                                                             ControlHandler handler) {
    if (auto checked = check_length(socket_path); !checked) return checked.error();
    if (auto removed = remove_stale(socket_path); !removed) return removed.error();
    auto core = std::make_shared<Core>(std::move(handler));
    if (auto started = core->start(socket_path); !started) return started.error();
    return std::unique_ptr<ControlServer>(new ControlServer(socket_path, std::move(core)));
}

ControlServer::~ControlServer() {
    core_->stop();
    // A file that cannot be removed is found stale by the next daemon.
    [[maybe_unused]] const auto removed = remove_file(socket_path_);
}

}  // namespace elasticity
