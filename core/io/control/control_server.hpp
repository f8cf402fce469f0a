#pragma once
#include <boost/json/fwd.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>

#include "core/model/error.hpp"

namespace elasticity {

/// A longer request is answered with an error, and its connection closed.
inline constexpr std::size_t control_request_bytes_max = 1 << 20;

/// Further clients wait until one leaves.
inline constexpr std::size_t control_clients_max = 64;

/// Answers one request; from any thread, now or later, once. Dropped unused, it ends the client's connection.
using ControlRespond = std::function<void(boost::json::value)>;

/// Takes one request; called on the server's thread, so that it must not block.
using ControlHandler = std::function<void(boost::json::object request, ControlRespond respond)>;

/// The daemon's Unix socket: one JSON object per line in, one JSON document per line out.
///
/// A client's requests are taken one after the other, so that its answers come in their order.
/// Idle clients cost nothing. What is no JSON object is answered {"error": {"code", "message"}}.
class ControlServer {
public:
    /// Listens at `socket_path` (mode 0600), on a thread of its own. A dead daemon's socket file is replaced;
    /// error `conflict` when one listens there.
    static Result<std::unique_ptr<ControlServer>> listen(const std::filesystem::path& socket_path,
                                                         ControlHandler handler);

    /// Ends every connection, the thread, and the socket file.
    ~ControlServer();

private:
    class Core;
    ControlServer(std::filesystem::path socket_path, std::shared_ptr<Core> core);

    std::filesystem::path socket_path_;
    std::shared_ptr<Core> core_;
};

}  // namespace elasticity
