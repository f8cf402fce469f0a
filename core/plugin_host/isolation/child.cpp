#include "core/plugin_host/isolation/child.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/plugin_host/isolation/fields.hpp"
#include "core/plugin_host/isolation/pidfd.hpp"
#include "core/plugin_host/isolation/values.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

/// A sanitized program takes long to begin on a busy machine.
constexpr std::chrono::seconds greeting_timeout{60};
/// From the end of its socket to the end of a process that dies by itself.
constexpr int dying_ms = 1'000;
constexpr std::size_t instances_max = 1'000'000;
constexpr std::size_t list_bytes_max = std::size_t{256} << 20;

int ms_until(sdk::HostCall::Clock::time_point time) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - sdk::HostCall::Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

sdk::HostCall::Clock::time_point deadline_of(const sdk::HostCall& call) {
    return sdk::HostCall::Clock::time_point(std::chrono::nanoseconds(call.get()->deadline_mono_ns));
}

std::string ending_of(const siginfo_t& info) {
    if (info.si_code == CLD_EXITED) return "ended with exit code " + std::to_string(info.si_status);
    return "was killed by signal " + std::to_string(info.si_status) + " (" + strsignal(info.si_status) + ")";
}

std::size_t bytes_of(const sdk::HostInstance& instance) {
    return sizeof instance + instance.key.size() + instance.id.size() + instance.name.size() +
           instance.tool.size() + instance.address.size() + instance.error.size() + instance.detail.size();
}

}  // namespace

/// A call whose result has not come. Guarded by the child's mutex, but `changed`.
struct Child::Pending {
    Pending(std::string its_name, Effect its_effect) : what(std::move(its_name)), effect(its_effect) {}

    std::uint32_t lost_flags() const {
        return ELS_ERR_RETRY_SAME | (effect == Effect::may_be_done ? ELS_ERR_MAYBE_DONE : 0);
    }

    const std::string what;
    const Effect effect;
    rabbitmq::WakeEvent changed;
    std::vector<sdk::HostInstance> instances;
    std::size_t instance_bytes = 0;
    std::optional<std::string> wanted_secret;
    std::optional<sdk::HostResult<Reply>> result;
};

Child::Child(ChildOptions options, SpawnedProcess process)
    : options_(std::move(options)),
      process_(std::move(process)),
      channel_(std::move(process_.socket)),
      output_([this](const std::string& line) { options_.log({ELS_LOG_WARN, "printed: " + line, {}}); }) {}

sdk::HostResult<std::shared_ptr<Child>> Child::start(ChildOptions options) {
    auto process = spawn_plugin_host(options.program, options.backend);
    if (!process) return sdk::host_error(ELS_UNAVAILABLE, process.error().message, ELS_ERR_RETRY_SAME);
    const std::shared_ptr<Child> child(new Child(std::move(options), std::move(*process)));
    if (const auto greeted = child->greet(); !greeted) return greeted.error();
    child->reader_ = std::thread([raw = child.get()] { raw->read(); });
    return child;
}

/// On failure the process is gone.
sdk::HostResult<> Child::greet() {
    std::string problem;
    pollfd readable{channel_.descriptor(), POLLIN, 0};
    const auto sent = channel_.send({WireMessage::Kind::hello, isolation_protocol, {}});
    if (!sent) problem = sent.error().message;
    else if (poll(&readable, 1, ms_until(Clock::now() + greeting_timeout)) != 1) problem = "it does not answer";
    else if (const auto hello = channel_.receive(); !hello) problem = hello.error().message;
    else if (!*hello) problem = "it closed its socket";
    else if ((*hello)->kind != WireMessage::Kind::hello) problem = "its first message is no greeting";
    else if ((*hello)->id != isolation_protocol)
        problem = "it speaks protocol " + std::to_string((*hello)->id) + ", " +
                  std::to_string(isolation_protocol) + " was wanted";
    if (problem.empty()) return {};
    const std::string ending = reap();
    take_output();
    return sdk::host_error(ELS_UNAVAILABLE, "the plugin's process cannot be used: " + problem + "; it " + ending,
                           ELS_ERR_RETRY_SAME);
}

Child::~Child() {
    if (!reader_.joinable()) return;
    channel_.end_sending();
    closing_.notify();
    reader_.join();
}

sdk::HostResult<Child::Reply> Child::call(const std::string& what, json::object arguments, sdk::HostCall& call,
                                          Effect effect) {
    const auto pending = std::make_shared<Pending>(what, effect);
    std::unique_lock lock(mutex_);
    if (!lost_.empty()) return sdk::host_error(ELS_UNAVAILABLE, lost_, ELS_ERR_RETRY_SAME);
    const std::uint64_t id = ++last_id_;
    pending_.emplace(id, pending);
    lock.unlock();

    const els_view request = call.get()->request_id;
    const auto sent = channel_.send({WireMessage::Kind::call,
                                     id,
                                     {{"what", what},
                                      {"deadline_mono_ns", call.get()->deadline_mono_ns},
                                      {"request_id", std::string_view(request.data, request.len)},
                                      {"attempt", call.get()->attempt},
                                      {"arguments", std::move(arguments)}}});
    if (!sent && sent.error().kind == ErrorKind::invalid) {
        lock.lock();
        pending_.erase(id);
        return sdk::host_error(ELS_INVALID_ARGUMENT, what + " cannot be sent to the plugin: " + sent.error().message);
    }
    if (!sent) lose(sent.error().message);
    return await(id, *pending, call);
}

sdk::HostResult<Child::Reply> Child::await(std::uint64_t id, Pending& pending, sdk::HostCall& call) {
    std::optional<Clock::time_point> kill_at;
    for (;;) {
        pollfd events[] = {{pending.changed.fd(), POLLIN, 0}, {kill_at ? -1 : call.get()->cancel_fd, POLLIN, 0}};
        poll(events, 2, ms_until(kill_at.value_or(deadline_of(call))));
        pending.changed.clear();
        std::unique_lock lock(mutex_);
        if (pending.result) return std::move(*pending.result);
        const std::optional<std::string> reference = std::exchange(pending.wanted_secret, std::nullopt);
        lock.unlock();
        if (reference) resolve(id, *reference);
        if (kill_at && Clock::now() >= *kill_at) {
            give_up(pending, call);
        } else if (!kill_at && (call.cancelled() || call.expired())) {
            kill_at = Clock::now() + options_.cancel_grace;
            if (const auto told = channel_.send({WireMessage::Kind::cancel, id, {}}); !told) lose(told.error().message);
        }
    }
}

void Child::resolve(std::uint64_t id, const std::string& reference) {
    const sdk::HostResult<std::string> secret = options_.secret(reference);
    json::object body;
    if (secret) body["value"] = *secret;
    else body["error"] = to_json(secret.error());
    if (const auto sent = channel_.send({WireMessage::Kind::resolved, id, std::move(body)}); !sent)
        lose(sent.error().message);
}

/// A thread inside the plugin cannot be ended, a process can.
void Child::give_up(Pending& pending, const sdk::HostCall& call) {
    const std::string why =
        pending.what + " did not return within " + std::to_string(options_.cancel_grace.count()) +
        " ms of being cancelled";
    {
        const std::scoped_lock lock(mutex_);
        const bool late = call.expired();
        if (!pending.result)
            pending.result = sdk::host_error(late ? ELS_DEADLINE_EXCEEDED : ELS_CANCELLED, why, pending.lost_flags());
    }
    lose(why);
}

/// Ends the process, and all calls as far as they have not ended. The first reason is kept.
void Child::lose(const std::string& why) {
    const std::scoped_lock lock(mutex_);
    if (!lost_.empty()) return;
    lost_ = "the plugin's process is lost: " + why;
    pidfd_send_signal(process_.pidfd.get(), SIGKILL, nullptr, 0);  // Fails only where it has ended.
    for (const auto& [id, pending] : pending_) {
        if (!pending->result) pending->result = sdk::host_error(ELS_UNAVAILABLE, lost_, pending->lost_flags());
        pending->changed.notify();
    }
    pending_.clear();
}

std::string Child::lost() const {
    const std::scoped_lock lock(mutex_);
    return lost_;
}

void Child::read() {
    std::optional<Clock::time_point> kill_at;
    while (wait_and_read(kill_at)) continue;
    const std::string ending = reap();
    take_output();
    output_.finish();
    lose("it " + ending);
    if (options_.ended) options_.ended();
}

/// False when the process has ended or must.
bool Child::wait_and_read(std::optional<Clock::time_point>& kill_at) {
    pollfd events[] = {{channel_.descriptor(), POLLIN, 0},
                       {process_.output ? process_.output.get() : -1, POLLIN, 0},
                       {process_.pidfd.get(), POLLIN, 0},
                       {kill_at ? -1 : closing_.fd(), POLLIN, 0}};
    poll(events, std::size(events), kill_at ? ms_until(*kill_at) : -1);
    if (events[3].revents != 0) kill_at = Clock::now() + options_.close_grace;
    if (kill_at && Clock::now() >= *kill_at) {
        lose("it did not end within " + std::to_string(options_.close_grace.count()) + " ms of being asked to");
        return false;
    }
    if (events[1].revents != 0) take_output();
    if (events[0].revents != 0) return take_messages();
    return events[2].revents == 0;
}

/// False at the end of the stream, and where it can be used no longer.
bool Child::take_messages() {
    const auto more = channel_.fill();
    if (!more || !*more) return false;
    for (;;) {
        auto message = channel_.next();
        if (message && !*message) return true;
        const Result<> taken = message ? take(std::move(**message)) : message.error();
        if (taken) continue;
        lose("it does not keep to the protocol: " + taken.error().message);
        return false;
    }
}

Result<> Child::take(WireMessage message) {
    if (message.kind == WireMessage::Kind::log) {
        const auto line = to_log_line(message.body);
        if (!line) return line.error();
        options_.log(*line);
        return {};
    }
    std::unique_lock lock(mutex_);
    const auto found = pending_.find(message.id);
    if (found == pending_.end()) return {};  // Of a call that was given up.
    const std::shared_ptr<Pending> pending = found->second;
    switch (message.kind) {
        case WireMessage::Kind::instances: return take_instances(*pending, message);
        case WireMessage::Kind::secret: {
            WireFields fields(message.body);
            fields.read("reference", pending->wanted_secret);
            if (auto fault = fields.fault()) return std::move(*fault);
            break;
        }
        case WireMessage::Kind::result:
            if (auto taken = take_result(*pending, message); !taken) return taken;
            pending_.erase(found);
            break;
        default: return Error{ErrorKind::invalid, "a message of that kind is the daemon's"};
    }
    pending->changed.notify();
    return {};
}

Result<> Child::take_result(Pending& pending, WireMessage& message) {
    if (const json::value* said = message.body.if_contains("error")) {
        auto error = to_host_error(*said);
        if (!error) return error.error();
        pending.result = std::move(*error);
        return {};
    }
    json::value* value = message.body.if_contains("value");
    pending.result = Reply{value ? std::move(*value) : json::value(), std::move(pending.instances)};
    return {};
}

Result<> Child::take_instances(Pending& pending, const WireMessage& message) {
    WireFields fields(message.body);
    for (const json::value& item : fields.array("items")) {
        auto instance = to_instance(item);
        if (!instance) return instance.error();
        pending.instance_bytes += bytes_of(*instance);
        pending.instances.push_back(std::move(*instance));
        if (pending.instances.size() > instances_max || pending.instance_bytes > list_bytes_max)
            return Error{ErrorKind::exhausted, "a list of more than " + std::to_string(instances_max) +
                                                   " instances or " + std::to_string(list_bytes_max) + " bytes"};
    }
    if (auto fault = fields.fault()) return std::move(*fault);
    return {};
}

/// All that has come. Closed where the process has closed it, or it would be readable for ever.
void Child::take_output() {
    std::array<char, 4096> chunk;
    while (process_.output) {
        const ssize_t count = ::read(process_.output.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return;
        if (count == 0) process_.output = FileDescriptor();
        output_.feed({chunk.data(), static_cast<std::size_t>(count)}, OutputLines::Clock::now());
    }
}

/// How the process ended. One that closed its socket and goes on is killed.
std::string Child::reap() {
    pollfd ended{process_.pidfd.get(), POLLIN, 0};
    if (poll(&ended, 1, dying_ms) == 0) pidfd_send_signal(process_.pidfd.get(), SIGKILL, nullptr, 0);
    siginfo_t info{};
    while (waitid(P_PIDFD, static_cast<id_t>(process_.pidfd.get()), &info, WEXITED) != 0 && errno == EINTR) continue;
    return ending_of(info);
}

}  // namespace elasticity
