#include "core/io/control/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "core/io/control/control_server.hpp"
#include "core/io/state/durable_file.hpp"

namespace elasticity {

namespace {

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) {
        return Error{ErrorKind::invalid, path.string() + ": too long for a socket's path, at most " +
                                             std::to_string(sizeof address.sun_path - 1) + " bytes"};
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
    return address;
}

}  // namespace

ControlClient::ControlClient(FileDescriptor socket, std::filesystem::path socket_path)
    : socket_(std::move(socket)), socket_path_(std::move(socket_path)) {}

Result<ControlClient> ControlClient::connect(const std::filesystem::path& socket_path) {
    const auto address = address_of(socket_path);
    if (!address) return address.error();
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return system_error(socket_path, "make a socket", errno);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) {
            return Error{ErrorKind::unavailable, "no daemon is listening at " + socket_path.string()};
        }
        return system_error(socket_path, "connect", errno);
    }
    return ControlClient(std::move(socket), socket_path);
}

Result<boost::json::value> ControlClient::call(const boost::json::object& request,
                                               std::chrono::milliseconds deadline) {
    const TimePoint end = std::chrono::steady_clock::now() + deadline;
    const std::string line = boost::json::serialize(request) + "\n";
    if (line.size() > control_request_bytes_max) {
        return Error{ErrorKind::invalid, "request of " + std::to_string(line.size()) +
                                             " bytes: the daemon takes " +
                                             std::to_string(control_request_bytes_max) + " at most"};
    }
    if (auto sent = send(line, end); !sent) return sent.error();
    auto answer = receive_line(end);
    if (!answer) return answer.error();
    boost::system::error_code error;
    auto value = boost::json::parse(*answer, error);
    if (error) {
        return Error{ErrorKind::internal,
                     socket_path_.string() + ": the answer is no JSON: " + error.message()};
    }
    return value;
}

Result<> ControlClient::await(short events, TimePoint deadline) const {
    while (true) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        pollfd waiting{socket_.get(), events, 0};
        const int ready = left > 0 ? ::poll(&waiting, 1, static_cast<int>(left)) : 0;
        if (ready > 0) return {};
        if (ready == 0) {
            return Error{ErrorKind::unavailable,
                         socket_path_.string() + ": the daemon did not answer in time"};
        }
        if (errno != EINTR) return system_error(socket_path_, "wait", errno);
    }
}

Result<> ControlClient::send(std::string_view line, TimePoint deadline) const {
    while (!line.empty()) {
        const ssize_t sent = ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            line.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            if (auto ready = await(POLLOUT, deadline); !ready) return ready;
        } else if (errno != EINTR) {
            return system_error(socket_path_, "send", errno);
        }
    }
    return {};
}

Result<std::string> ControlClient::receive_line(TimePoint deadline) {
    std::array<char, 65536> buffer;
    std::size_t searched = 0;
    while (true) {
        const std::size_t end = received_.find('\n', searched);
        if (end != std::string::npos) {
            std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            return line;
        }
        searched = received_.size();
        if (searched > control_answer_bytes_max) {
            return Error{ErrorKind::exhausted, socket_path_.string() + ": the answer is larger than " +
                                                   std::to_string(control_answer_bytes_max) + " bytes"};
        }
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            received_.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (got == 0) {
            return Error{ErrorKind::unavailable,
                         socket_path_.string() + ": the daemon closed the connection"};
        } else if (errno == EAGAIN) {
            if (auto ready = await(POLLIN, deadline); !ready) return ready.error();
        } else if (errno != EINTR) {
            return system_error(socket_path_, "receive", errno);
        }
    }
}

}  // namespace elasticity
