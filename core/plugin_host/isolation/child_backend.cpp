#include "core/plugin_host/isolation/child_backend.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "core/plugin_host/isolation/values.hpp"
#include "sdk/host/utf8.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

using Clock = sdk::HostCall::Clock;

constexpr std::chrono::seconds start_timeout{30};
/// For how long a call waits for a child that is about to be there.
constexpr std::chrono::seconds patience{2};

sdk::HostError broken_answer(const std::string& what, const std::string& why, Effect effect) {
    return sdk::host_error(ELS_INTERNAL, "the answer to " + what + " is broken: " + why,
                           effect == Effect::may_be_done ? ELS_ERR_MAYBE_DONE : 0);
}

sdk::HostResult<std::string> text_of(const std::string& what, const sdk::HostResult<Child::Reply>& reply) {
    if (!reply) return reply.error();
    if (!reply->value.is_string()) return broken_answer(what, "a text was wanted", Effect::none);
    return sdk::valid_utf8(reply->value.get_string());
}

sdk::HostResult<> nothing_of(const sdk::HostResult<Child::Reply>& reply) {
    if (!reply) return reply.error();
    return {};
}

}  // namespace

sdk::HostResult<json::value> load_in_child(Child& child, const std::filesystem::path& library,
                                           std::uint64_t memory_bytes_max, std::chrono::milliseconds patience) {
    sdk::HostCall call("load", 1, Clock::now() + patience);
    auto reply = child.call("load", {{"library", library.string()}, {"memory_bytes_max", memory_bytes_max}}, call);
    if (!reply && reply.error().code == ELS_DEADLINE_EXCEEDED)
        return sdk::host_error(ELS_DEADLINE_EXCEEDED,
                               "it did not answer within " + std::to_string(patience.count()) + " ms");
    if (!reply) return reply.error();
    return std::move(reply->value);
}

ChildBackend::ChildBackend(ChildBackendOptions options)
    : options_(std::move(options)), backoff_(options_.restart) {
    options_.child.backend = options_.host.backend_name;
    options_.child.log = options_.host.log;
    options_.child.secret = options_.host.secret;
    options_.child.ended = [this] {
        const std::scoped_lock lock(mutex_);
        changed_.notify_all();
    };
}

sdk::HostResult<std::shared_ptr<ChildBackend>> ChildBackend::open(ChildBackendOptions options) {
    const std::shared_ptr<ChildBackend> backend(new ChildBackend(std::move(options)));
    auto child = backend->start_child();
    if (!child) return child.error();
    backend->child_ = std::move(*child);
    backend->supervisor_ = std::thread([raw = backend.get()] { raw->supervise(); });
    return backend;
}

ChildBackend::~ChildBackend() {
    {
        const std::scoped_lock lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    if (supervisor_.joinable()) supervisor_.join();
    child_.reset();  // While the mutex, which its last words take, is still there.
}

void ChildBackend::complain(const std::string& message) const {
    options_.host.log({ELS_LOG_ERROR, message, {}});
}

sdk::HostResult<std::shared_ptr<Child>> ChildBackend::start_child() {
    auto child = Child::start(options_.child);
    if (!child) return child.error();
    if (const auto loaded = load_in_child(**child, options_.library, options_.memory_bytes_max); !loaded)
        return loaded.error();
    sdk::HostCall call("start", 1, Clock::now() + start_timeout);
    const sdk::HostOptions& host = options_.host;
    const auto opened = (*child)->call("open",
                                       {{"config", options_.config},
                                        {"core_version", host.core_version},
                                        {"backend_name", host.backend_name},
                                        {"owner", host.owner},
                                        {"state_dir", host.state_dir},
                                        {"log_level", host.log_level}},
                                       call);
    if (!opened) return opened.error();
    std::unique_lock lock(mutex_);
    const bool active = active_;
    lock.unlock();
    if (!active) return child;
    const auto activated = (*child)->call("activate", {}, call);
    if (!activated) return activated.error();
    return child;
}

void ChildBackend::supervise() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
        if (child_ && child_->lost().empty()) changed_.wait(lock);
        else replace(lock);
    }
}

void ChildBackend::replace(std::unique_lock<std::mutex>& lock) {
    std::shared_ptr<Child> dead = std::move(child_);
    if (dead) trouble_ = dead->lost();
    if (dead && options_.lost) options_.lost(trouble_);
    if (std::exchange(answered_, false)) backoff_.reset();
    const std::chrono::milliseconds wait = backoff_.next(1);
    restart_at_ = Clock::now() + wait;
    complain(trouble_ + "; it is started again in " + std::to_string(wait.count()) + " ms");
    lock.unlock();
    dead.reset();
    lock.lock();
    if (changed_.wait_until(lock, restart_at_, [this] { return closing_; })) return;
    lock.unlock();
    auto fresh = start_child();
    lock.lock();
    if (fresh) child_ = std::move(*fresh);
    else trouble_ = fresh.error().message;
    if (child_) options_.host.log({ELS_LOG_INFO, "serves again, as process " + std::to_string(child_->pid()), {}});
    changed_.notify_all();
}

sdk::HostResult<std::shared_ptr<Child>> ChildBackend::child_for(const sdk::HostCall& call) {
    std::unique_lock lock(mutex_);
    const auto serves = [this] { return child_ && child_->lost().empty(); };
    const Clock::time_point now = Clock::now();
    if (!serves() && restart_at_ <= now + patience)
        changed_.wait_until(lock, std::max(now, restart_at_) + patience,
                            [&] { return serves() || closing_ || call.cancelled(); });
    if (serves()) return child_;
    sdk::HostError error =
        sdk::host_error(ELS_UNAVAILABLE, child_ ? child_->lost() : trouble_, ELS_ERR_RETRY_SAME);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(restart_at_ - Clock::now());
    error.retry_after_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(left.count(), 0));
    return error;
}

sdk::HostResult<Child::Reply> ChildBackend::invoke(const std::string& what, json::object arguments,
                                                   sdk::HostCall& call, Effect effect) {
    const auto child = child_for(call);
    if (!child) return child.error();
    auto reply = (*child)->call(what, std::move(arguments), call, effect);
    const std::scoped_lock lock(mutex_);
    if (reply) answered_ = true;
    return reply;
}

sdk::HostResult<> ChildBackend::activate(sdk::HostCall& call) {
    const auto done = nothing_of(invoke("activate", {}, call));
    const std::scoped_lock lock(mutex_);
    active_ = done.has_value();
    answered_ = false;  // A plugin that dies soon after it is activated is not to be started ten times a second.
    return done;
}

sdk::HostResult<> ChildBackend::quiesce(sdk::HostCall& call) {
    {
        const std::scoped_lock lock(mutex_);
        active_ = false;
    }
    return nothing_of(invoke("quiesce", {}, call));
}

sdk::HostResult<std::string> ChildBackend::probe(sdk::HostCall& call) {
    return text_of("probe", invoke("probe", {}, call));
}

sdk::HostResult<std::vector<sdk::HostInstance>> ChildBackend::list(sdk::HostCall& call) {
    auto reply = invoke("list", {}, call);
    if (!reply) return reply.error();
    return std::move(reply->instances);
}

sdk::HostResult<sdk::HostInstance> ChildBackend::create(sdk::HostCall& call, const sdk::HostSpec& spec) {
    const auto reply = invoke("create", {{"spec", to_json(spec)}}, call, Effect::may_be_done);
    if (!reply) return reply.error();
    auto instance = to_instance(reply->value);
    if (!instance) return broken_answer("create", instance.error().message, Effect::may_be_done);
    return std::move(*instance);
}

sdk::HostResult<> ChildBackend::destroy(sdk::HostCall& call, const sdk::HostRef& ref,
                                        std::chrono::milliseconds grace) {
    return nothing_of(invoke("destroy", {{"key", ref.key}, {"id", ref.id}, {"grace_ms", grace.count()}}, call,
                             Effect::may_be_done));
}

}  // namespace elasticity
