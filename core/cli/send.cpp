#include "core/cli/send.hpp"

#include <boost/json.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <ostream>

#include "core/cli/follow.hpp"
#include "core/daemon/broker_readings.hpp"
#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"
#include "core/io/rabbitmq/reply_queue.hpp"

namespace elasticity::cli {
namespace {

using rabbitmq::Connection;

constexpr std::chrono::seconds confirm_timeout{30};

/// The way to the deploy queue. A second connection is for the answers, as one connection cannot do both.
class DeployQueue {
public:
    DeployQueue(const Settings& settings, Terminal& terminal)
        : target_(*settings.find_target(settings.deploy.target)),
          name_(settings.deploy.queue),
          terminal_(terminal) {}

    /// Whatever goes wrong here, the module is not reached.
    Result<std::unique_ptr<Connection>> connect(const std::string& role) const {
        const auto endpoint = endpoint_source(target_)();
        if (!endpoint) return endpoint.error();
        return Connection::open(*endpoint, "cli", role);
    }

    Result<std::uint32_t> consumers(Connection& connection) const {
        const auto counts = rabbitmq::queue_counts(connection, name_);
        if (counts) return counts->consumers;
        if (counts.error().kind != ErrorKind::not_found) return counts.error();
        return Error{ErrorKind::not_found, "there is no queue " + name_ + " on " + connection.name() +
                                               ": no module has ever served it"};
    }

    Result<> publish(Connection& connection, const Request& request, const std::string& reply_to) const {
        rabbitmq::OutboundMessage message;
        message.queue = name_;
        message.body = request.body;
        message.message_id = request.id;
        message.correlation_id = request.id;
        message.reply_to = reply_to;
        return rabbitmq::publish_confirmed(connection, message, confirm_timeout);
    }

    std::string no_consumer() const { return "no module consumes " + name_; }

    ExitCode unreachable(const Error& error) const {
        return fail(terminal_, ExitCode::unreachable, error.message);
    }

private:
    const TargetSettings& target_;
    std::string name_;
    Terminal& terminal_;
};

void print_sent(const Request& request, bool json, Terminal& terminal) {
    if (json)
        terminal.out << boost::json::object{{"request_id", request.id}} << std::endl;
    else
        terminal.out << request.id << std::endl;
}

ExitCode send_and_follow(const DeployQueue& queue, Connection& connection, const Request& request,
                         const FollowArguments& arguments, bool json, Terminal& terminal) {
    const auto answers = queue.connect("reply");
    if (!answers) return queue.unreachable(answers.error());
    auto replies = rabbitmq::ReplyQueue::open(**answers);
    if (!replies) return queue.unreachable(replies.error());
    if (const auto sent = queue.publish(connection, request, replies->name()); !sent)
        return queue.unreachable(sent.error());
    connection.close();  // while we wait, nobody would keep its heartbeats
    const ExitCode code = follow(request, **answers, *replies, arguments.timeout, json, terminal);
    (*answers)->close();
    return code;
}

}  // namespace

std::string fresh_request_id() {
    return to_string(boost::uuids::random_generator()());
}

ExitCode send(const Settings& settings, const Request& request, const FollowArguments& arguments, bool json,
              Terminal& terminal) {
    const DeployQueue queue(settings, terminal);
    const auto connection = queue.connect("deploy");
    if (!connection) return queue.unreachable(connection.error());
    const auto consumers = queue.consumers(**connection);
    if (!consumers) return queue.unreachable(consumers.error());
    if (arguments.wait && *consumers == 0)
        return fail(terminal, ExitCode::unreachable, queue.no_consumer() + ": nothing was sent");
    if (arguments.wait) return send_and_follow(queue, **connection, request, arguments, json, terminal);
    if (const auto sent = queue.publish(**connection, request, ""); !sent)
        return queue.unreachable(sent.error());
    (*connection)->close();
    print_sent(request, json, terminal);
    if (*consumers == 0)
        fail(terminal, ExitCode::done, queue.no_consumer() + " at present: the message waits there");
    return ExitCode::done;
}

}  // namespace elasticity::cli
