#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/daemon/settings.hpp"
#include "core/io/rabbitmq/endpoint.hpp"
#include "core/io/rabbitmq/management.hpp"
#include "core/io/rabbitmq/session.hpp"
#include "core/runtime/control_loop.hpp"
#include "core/runtime/ports.hpp"

namespace elasticity {

/// How to log in at a target's broker; passwords are read anew at every connect.
rabbitmq::EndpointSource endpoint_source(const TargetSettings& target);
rabbitmq::ManagementEndpointSource management_source(const TargetSettings& target);

/// The readings of all targets: for each a reader of waiting messages and, where there is a management API, of
/// unacknowledged ones. Only what changed is told to the loop.
///
/// Threads: the port's functions are the control thread's.
class BrokerReadings : public QueueReadings {
public:
    using Post = std::function<void(std::function<void(ControlLoop&)>)>;

    BrokerReadings(const Settings& settings, const std::string& module, const Clock& clock, Post post);
    ~BrokerReadings() override;

    void start();
    void stop();

    void watch(const std::string& target_id, const std::string& queue, bool with_counters) override;
    void unwatch(const std::string& target_id, const std::string& queue) override;
    void create_queue(const Tool& tool, CallToken token) override;
    void delete_queue(const Tool& tool, CallToken token) override;

    /// For `status`: how each target is reached. Any thread.
    std::map<std::string, std::string> states() const;

private:
    class Link;
    class Administrator;
    std::map<std::string, std::unique_ptr<Link>> links_;  ///< by target id
    std::unique_ptr<Administrator> administrator_;
};

}  // namespace elasticity
