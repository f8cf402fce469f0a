#include "core/plugin_host/isolation/plugin_server.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <span>

#include "core/plugin_host/isolation/channel.hpp"
#include "core/plugin_host/isolation/fields.hpp"
#include "core/plugin_host/isolation/memory_limit.hpp"
#include "core/plugin_host/isolation/spawner.hpp"
#include "core/plugin_host/isolation/task_threads.hpp"
#include "core/plugin_host/isolation/values.hpp"
#include "core/plugin_host/plugin_description.hpp"
#include "sdk/host/backend.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

/// More than a pool has: a thread is free a moment after the answer that it sent.
constexpr std::size_t threads_max = 512;
constexpr std::size_t batch_instances = 256;

/// The call that this thread is in: secrets are asked for in its name.
thread_local std::uint64_t current_call = 0;

sdk::HostResult<json::value> as_value(const sdk::HostResult<>& done) {
    if (!done) return done.error();
    return json::value();
}

sdk::HostResult<json::value> as_value(sdk::HostResult<std::string> text) {
    if (!text) return text.error();
    return json::value(*text);
}

/// What the daemon wants of the plugin.
struct Order {
    std::string what;
    std::uint64_t deadline_mono_ns = 0;
    std::string request_id;
    unsigned attempt = 1;
    json::value arguments;
};

Result<Order> to_order(const WireMessage& message) {
    Order order;
    WireFields fields(message.body);
    fields.read("what", order.what);
    fields.read("deadline_mono_ns", order.deadline_mono_ns);
    fields.read("request_id", order.request_id);
    fields.read("attempt", order.attempt);
    if (auto fault = fields.fault()) return std::move(*fault);
    if (const json::value* arguments = message.body.if_contains("arguments")) order.arguments = *arguments;
    return order;
}

sdk::HostResult<json::value> create(sdk::Backend& backend, const json::value& arguments, sdk::HostCall& call) {
    const json::object* object = arguments.if_object();
    const json::value* given = object ? object->if_contains("spec") : nullptr;
    const auto spec = to_spec(given ? *given : json::value());
    if (!spec) return sdk::host_error(ELS_INTERNAL, "the spec of a create: " + spec.error().message);
    const auto instance = backend.create(call, *spec);
    if (!instance) return instance.error();
    return json::value(to_json(*instance));
}

sdk::HostResult<json::value> destroy(sdk::Backend& backend, const json::value& arguments, sdk::HostCall& call) {
    sdk::HostRef ref;
    std::uint32_t grace_ms = 0;
    WireFields fields(arguments);
    fields.read("key", ref.key);
    fields.read("id", ref.id);
    fields.read("grace_ms", grace_ms);
    if (const auto fault = fields.fault())
        return sdk::host_error(ELS_INTERNAL, "the arguments of a destroy: " + fault->message);
    return as_value(backend.destroy(call, ref, std::chrono::milliseconds(grace_ms)));
}

class PluginServer {
public:
    explicit PluginServer(FileDescriptor socket) : channel_(std::move(socket)) {}

    int run();

private:
    Result<> receive_until_end();
    Result<> take(const WireMessage& message);
    Result<> start(const WireMessage& message);
    Result<> resolved(const WireMessage& message);
    void end_calls();

    void serve(std::uint64_t id, const Order& order, sdk::HostCall& call);
    sdk::HostResult<json::value> dispatch(std::uint64_t id, const Order& order, sdk::HostCall& call);
    sdk::HostResult<json::value> load(const json::value& arguments);
    sdk::HostResult<json::value> open(const json::value& arguments);
    sdk::HostResult<json::value> list(std::uint64_t id, sdk::Backend& backend, sdk::HostCall& call);

    sdk::HostResult<> send_instances(std::uint64_t id, std::span<const sdk::HostInstance> instances);
    void send_result(std::uint64_t id, const sdk::HostResult<json::value>& result);
    sdk::HostResult<std::string> resolve(std::string_view reference);
    sdk::HostOptions host_options(const json::value& arguments);

    Channel channel_;
    std::mutex mutex_;  // Guards what follows.
    std::map<std::uint64_t, std::shared_ptr<sdk::HostCall>> calls_;
    std::map<std::uint64_t, std::promise<sdk::HostResult<std::string>>> wanted_secrets_;
    bool ending_ = false;
    std::shared_ptr<const sdk::Library> library_;
    std::shared_ptr<sdk::Backend> backend_;
    TaskThreads threads_{threads_max};  // The first to go: it waits for the calls.
};

int PluginServer::run() {
    if (const auto sent = channel_.send({WireMessage::Kind::hello, isolation_protocol, {}}); !sent) return 1;
    const auto hello = channel_.receive();
    if (!hello || !*hello || (*hello)->kind != WireMessage::Kind::hello || (*hello)->id != isolation_protocol) {
        std::cerr << "plugin-host: no daemon of this version is at the other end of the socket\n";
        return 1;
    }
    const Result<> ended = receive_until_end();
    if (!ended) std::cerr << "plugin-host: " << ended.error().message << '\n';
    end_calls();
    return ended ? 0 : 1;
}

Result<> PluginServer::receive_until_end() {
    for (;;) {
        const auto message = channel_.receive();
        if (!message) return message.error();
        if (!*message) return {};
        if (const auto taken = take(**message); !taken) return taken;
    }
}

Result<> PluginServer::take(const WireMessage& message) {
    switch (message.kind) {
        case WireMessage::Kind::call: return start(message);
        case WireMessage::Kind::resolved: return resolved(message);
        case WireMessage::Kind::cancel: {
            const std::scoped_lock lock(mutex_);
            if (const auto call = calls_.find(message.id); call != calls_.end()) call->second->cancel();
            return {};
        }
        default: return Error{ErrorKind::invalid, "a message of that kind is the plugin's"};
    }
}

Result<> PluginServer::start(const WireMessage& message) {
    const auto order = to_order(message);
    if (!order) return order.error();
    const sdk::HostCall::Clock::time_point deadline{std::chrono::nanoseconds(order->deadline_mono_ns)};
    const auto call = std::make_shared<sdk::HostCall>(order->request_id, order->attempt, deadline);
    {
        const std::scoped_lock lock(mutex_);
        calls_[message.id] = call;
    }
    if (threads_.post([this, id = message.id, order = *order, call] { serve(id, order, *call); })) return {};
    return Error{ErrorKind::exhausted, "more than " + std::to_string(threads_max) + " calls at once"};
}

void PluginServer::end_calls() {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
    for (const auto& [id, call] : calls_) call->cancel();
    for (auto& [id, wanted] : wanted_secrets_)
        wanted.set_value(sdk::host_error(ELS_CANCELLED, "the backend is being closed"));
    wanted_secrets_.clear();
}

/// Memory may run out while an answer is copied; what was changed may then be done.
void PluginServer::serve(std::uint64_t id, const Order& order, sdk::HostCall& call) {
    current_call = id;
    try {
        send_result(id, dispatch(id, order, call));
    } catch (const std::exception& thrown) {
        send_result(id, sdk::host_error(ELS_INTERNAL, order.what + ": " + thrown.what(), ELS_ERR_MAYBE_DONE));
    }
    current_call = 0;
    const std::scoped_lock lock(mutex_);
    calls_.erase(id);
}

sdk::HostResult<json::value> PluginServer::dispatch(std::uint64_t id, const Order& order, sdk::HostCall& call) {
    WireFields fields(order.arguments);
    std::unique_lock lock(mutex_);
    const std::shared_ptr<const sdk::Library> library = library_;
    const std::shared_ptr<sdk::Backend> backend = backend_;
    lock.unlock();
    if (order.what == "load") return load(order.arguments);
    if (!library) return sdk::host_error(ELS_INTERNAL, order.what + " before a plugin is loaded");
    if (order.what == "open") return open(order.arguments);
    if (order.what == "check_config") {
        std::string config;
        fields.read("config", config);
        return as_value(sdk::check_config(*library->plugins().front(), config));
    }
    if (!backend) return sdk::host_error(ELS_INTERNAL, order.what + " before a backend is open");
    if (order.what == "activate") return as_value(backend->activate(call));
    if (order.what == "quiesce") return as_value(backend->quiesce(call));
    if (order.what == "probe") return as_value(backend->probe(call));
    if (order.what == "list") return list(id, *backend, call);
    if (order.what == "create") return create(*backend, order.arguments, call);
    if (order.what == "destroy") return destroy(*backend, order.arguments, call);
    return sdk::host_error(ELS_UNIMPLEMENTED, "no call '" + order.what + "'");
}

/// Before the memory is limited nothing of the plugin has run.
sdk::HostResult<json::value> PluginServer::load(const json::value& arguments) {
    std::string file;
    std::uint64_t memory_bytes_max = 0;
    WireFields fields(arguments);
    fields.read("library", file);
    fields.read("memory_bytes_max", memory_bytes_max);
    limit_memory(memory_bytes_max);
    const auto library = sdk::Library::load(file);
    if (!library) return library.error();
    auto described = describe_library(**library);
    if (!described) return described.error();
    const std::scoped_lock lock(mutex_);
    library_ = *library;
    return json::value(std::move(*described));
}

sdk::HostOptions PluginServer::host_options(const json::value& arguments) {
    sdk::HostOptions options;
    WireFields fields(arguments);
    fields.read("core_version", options.core_version);
    fields.read("backend_name", options.backend_name);
    fields.read("owner", options.owner);
    fields.read("state_dir", options.state_dir);
    fields.read("log_level", options.log_level);
    // The daemon that does not read any more has lost this process, and said so.
    options.log = [this](const sdk::HostLogLine& line) {
        (void)channel_.send({WireMessage::Kind::log, 0, to_json(line)});
    };
    options.secret = [this](std::string_view reference) { return resolve(reference); };
    return options;
}

sdk::HostResult<json::value> PluginServer::open(const json::value& arguments) {
    std::string config;
    WireFields(arguments).read("config", config);
    std::unique_lock lock(mutex_);
    const std::shared_ptr<const sdk::Library> library = library_;
    lock.unlock();
    auto backend = sdk::Backend::open(library, *library->plugins().front(), config, host_options(arguments));
    if (!backend) return backend.error();
    lock.lock();
    backend_ = std::move(*backend);
    return json::value();
}

sdk::HostResult<json::value> PluginServer::list(std::uint64_t id, sdk::Backend& backend, sdk::HostCall& call) {
    const auto instances = backend.list(call);
    if (!instances) return instances.error();
    for (std::size_t begin = 0; begin < instances->size(); begin += batch_instances) {
        const std::size_t count = std::min(batch_instances, instances->size() - begin);
        if (const auto sent = send_instances(id, std::span(*instances).subspan(begin, count)); !sent)
            return sent.error();
    }
    return json::value();
}

/// Large instances travel in smaller batches.
sdk::HostResult<> PluginServer::send_instances(std::uint64_t id, std::span<const sdk::HostInstance> instances) {
    json::array items;
    for (const sdk::HostInstance& instance : instances) items.push_back(to_json(instance));
    const auto sent = channel_.send({WireMessage::Kind::instances, id, {{"items", std::move(items)}}});
    if (sent) return {};
    if (sent.error().kind != ErrorKind::invalid || instances.size() == 1)
        return sdk::host_error(ELS_INTERNAL, "an instance of the list cannot be sent: " + sent.error().message);
    const std::size_t half = instances.size() / 2;
    const auto first = send_instances(id, instances.first(half));
    return first ? send_instances(id, instances.subspan(half)) : first;
}

void PluginServer::send_result(std::uint64_t id, const sdk::HostResult<json::value>& result) {
    json::object body;
    if (result) body["value"] = *result;
    else body["error"] = to_json(result.error());
    const auto sent = channel_.send({WireMessage::Kind::result, id, std::move(body)});
    if (sent) return;
    if (sent.error().kind != ErrorKind::invalid) _exit(1);  // The daemon, or what led to it, is gone.
    send_result(id, sdk::host_error(ELS_INTERNAL, "the answer is " + sent.error().message, ELS_ERR_MAYBE_DONE));
}

sdk::HostResult<std::string> PluginServer::resolve(std::string_view reference) {
    const std::uint64_t id = current_call;
    if (id == 0)
        return sdk::host_error(ELS_FAILED_PRECONDITION, "a secret was asked for outside of a call");
    std::unique_lock lock(mutex_);
    if (ending_) return sdk::host_error(ELS_CANCELLED, "the backend is being closed");
    auto answer = wanted_secrets_[id].get_future();
    lock.unlock();
    if (const auto sent = channel_.send({WireMessage::Kind::secret, id, {{"reference", reference}}}); sent)
        return answer.get();
    lock.lock();
    wanted_secrets_.erase(id);
    return sdk::host_error(ELS_UNAVAILABLE, "a secret cannot be asked for: the daemon does not read");
}

Result<> PluginServer::resolved(const WireMessage& message) {
    sdk::HostResult<std::string> secret = std::string();
    if (const json::value* said = message.body.if_contains("error")) {
        auto error = to_host_error(*said);
        if (!error) return error.error();
        secret = std::move(*error);
    } else {
        WireFields fields(message.body);
        fields.read("value", *secret);
        if (auto fault = fields.fault()) return std::move(*fault);
    }
    const std::scoped_lock lock(mutex_);
    const auto wanted = wanted_secrets_.find(message.id);
    if (wanted == wanted_secrets_.end()) return {};
    wanted->second.set_value(std::move(secret));
    wanted_secrets_.erase(wanted);
    return {};
}

}  // namespace

int serve_plugin(FileDescriptor socket) { return PluginServer(std::move(socket)).run(); }

int run_plugin_host(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // It may have died before that: then this process belongs to another already.
    if (getppid() != parent) {
        std::cerr << "plugin-host: started by the daemon alone\n";
        return 1;
    }
    prctl(PR_SET_NAME, "plugin-host");
    std::signal(SIGPIPE, SIG_IGN);  // As in the daemon.
    FileDescriptor socket(plugin_host_descriptor);
    fcntl(socket.get(), F_SETFD, FD_CLOEXEC);  // What a plugin starts is not to hold the stream open.
    return serve_plugin(std::move(socket));
}

}  // namespace elasticity
