#pragma once
#include <sys/types.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/io/rabbitmq/wake_event.hpp"
#include "core/plugin_host/isolation/channel.hpp"
#include "core/plugin_host/isolation/output_lines.hpp"
#include "core/plugin_host/isolation/spawner.hpp"
#include "sdk/host/call.hpp"
#include "sdk/host/instance.hpp"
#include "sdk/host/services.hpp"

namespace elasticity {

/// The functions are called from any thread.
struct ChildOptions {
    std::string backend;
    std::string program = "/proc/self/exe";  ///< this very program, also after its file was replaced
    std::function<void(const sdk::HostLogLine&)> log;
    std::function<sdk::HostResult<std::string>(std::string_view reference)> secret;
    /// The process is gone, see lost(); nothing is called after it. Short; must not destroy the Child.
    std::function<void()> ended;
    std::chrono::milliseconds cancel_grace{2'000};   ///< from the cancel of a call to the end of the process
    std::chrono::milliseconds close_grace{12'000};   ///< to quiesce, which may take 10 s, and to end
};

/// What a call changes, where its answer is lost.
enum class Effect { none, may_be_done };

/// The daemon's half of one plugin process: calls go out, results come back, what it logs and prints is told on.
///
/// A call that does not return within the grace after it was cancelled costs the process: it is killed, and all
/// its calls end as UNAVAILABLE. They end the same way when it dies by itself.
///
/// Threads: `call` any, as many at once as one likes; it blocks. One thread of its own reads.
class Child {
public:
    struct Reply {
        boost::json::value value;
        std::vector<sdk::HostInstance> instances;
    };

    /// Starts the process and agrees with it.
    static sdk::HostResult<std::shared_ptr<Child>> start(ChildOptions options);
    /// No call may be in flight. Lets the process close its backend, kills it after the grace, and reaps it.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    sdk::HostResult<Reply> call(const std::string& what, boost::json::object arguments, sdk::HostCall& call,
                                Effect effect = Effect::none);

    pid_t pid() const { return process_.pid; }
    /// Why no call is possible any more; empty while one is.
    std::string lost() const;

private:
    struct Pending;
    using Clock = sdk::HostCall::Clock;

    Child(ChildOptions options, SpawnedProcess process);
    sdk::HostResult<> greet();

    sdk::HostResult<Reply> await(std::uint64_t id, Pending& pending, sdk::HostCall& call);
    void resolve(std::uint64_t id, const std::string& reference);
    void give_up(Pending& pending, const sdk::HostCall& call);

    void read();
    bool wait_and_read(std::optional<Clock::time_point>& kill_at);
    bool take_messages();
    Result<> take(WireMessage message);
    Result<> take_result(Pending& pending, WireMessage& message);
    Result<> take_instances(Pending& pending, const WireMessage& message);
    void take_output();

    void lose(const std::string& why);
    std::string reap();

    const ChildOptions options_;
    SpawnedProcess process_;
    Channel channel_;
    OutputLines output_;
    rabbitmq::WakeEvent closing_;

    mutable std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<Pending>> pending_;
    std::uint64_t last_id_ = 0;
    std::string lost_;  // Why no call is possible any more.
    std::thread reader_;
};

}  // namespace elasticity
