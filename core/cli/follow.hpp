#pragma once
#include <chrono>

#include "core/cli/request.hpp"
#include "core/cli/terminal.hpp"

namespace elasticity::rabbitmq {
class Connection;
class ReplyQueue;
}  // namespace elasticity::rabbitmq

namespace elasticity::cli {

/// Prints the answers to a request until every tool of it has settled. `replies` is on `connection`.
///
/// SIGINT and SIGTERM end it with ExitCode::interrupted, and the connection with it.
ExitCode follow(const Request& request, rabbitmq::Connection& connection, rabbitmq::ReplyQueue& replies,
                std::chrono::seconds timeout, bool json, Terminal& terminal);

}  // namespace elasticity::cli
