#pragma once
#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/io/state/file_descriptor.hpp"
#include "core/model/error.hpp"

namespace elasticity {

/// A longer answer is an error.
inline constexpr std::size_t control_answer_bytes_max = 64 << 20;

/// One connection to a daemon's control socket. Threads: one at a time.
class ControlClient {
public:
    /// Error `unavailable`: "no daemon is listening at PATH".
    static Result<ControlClient> connect(const std::filesystem::path& socket_path);

    /// Sends one request and waits for its answer, `deadline` at most. After an error the connection is of no
    /// more use: connect again.
    Result<boost::json::value> call(const boost::json::object& request, std::chrono::milliseconds deadline);

private:
    using TimePoint = std::chrono::steady_clock::time_point;

    ControlClient(FileDescriptor socket, std::filesystem::path socket_path);

    Result<> await(short events, TimePoint deadline) const;
    Result<> send(std::string_view line, TimePoint deadline) const;
    Result<std::string> receive_line(TimePoint deadline);

    FileDescriptor socket_;
    std::filesystem::path socket_path_;
    std::string received_;
};

}  // namespace elasticity
