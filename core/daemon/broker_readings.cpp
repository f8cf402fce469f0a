#include "core/daemon/broker_readings.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <set>

#include "core/daemon/log.hpp"
#include "core/daemon/secrets.hpp"
#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/queue_admin.hpp"
#include "core/io/rabbitmq/queue_reader.hpp"
#include "core/scaling/combine_readings.hpp"

namespace elasticity {
namespace {

Result<rabbitmq::Secret> password_of(const TargetSettings& target) {
    if (!target.password) return rabbitmq::Secret("guest");
    auto password = resolve_secret(target.password->json);
    if (!password) return within("password of target " + target.target.name, password.error());
    return rabbitmq::Secret(std::move(*password));
}

bool same_value(const Reading& a, const Reading& b) {
    Reading shifted = a;
    shifted.at = b.at;
    if (shifted.counters && b.counters) shifted.counters->at = b.counters->at;
    return shifted == b;
}

}  // namespace

rabbitmq::EndpointSource endpoint_source(const TargetSettings& target) {
    return [target]() -> Result<rabbitmq::Endpoint> {
        auto password = password_of(target);
        if (!password) return password.error();
        rabbitmq::Endpoint endpoint;
        endpoint.host = target.target.amqp.host;
        endpoint.port = target.target.amqp.port;
        endpoint.virtual_host = target.target.amqp.virtual_host;
        endpoint.username = target.username;
        endpoint.password = std::move(*password);
        if (target.target.amqp.protocol == "amqps") {
            const TlsSettings tls = target.tls.value_or(TlsSettings{});
            endpoint.tls = rabbitmq::TlsOptions{tls.ca_file, tls.cert_file, tls.key_file, tls.verify};
        }
        return endpoint;
    };
}

rabbitmq::ManagementEndpointSource management_source(const TargetSettings& target) {
    return [target]() -> Result<rabbitmq::ManagementEndpoint> {
        auto password = password_of(target);
        if (!password) return password.error();
        const TargetAddress& address = *target.target.management;
        rabbitmq::ManagementEndpoint endpoint;
        const bool v6 = address.host.find(':') != std::string::npos;
        endpoint.base_url = address.protocol + "://" + (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
        endpoint.virtual_host = address.virtual_host;
        endpoint.username = target.username;
        endpoint.password = std::move(*password);
        if (target.tls) {
            endpoint.ca_file = target.tls->ca_file;
            endpoint.verify = target.tls->verify;
        }
        return endpoint;
    };
}

/// One target: two readers whose answers meet here. Its own lock, since they have their own threads.
class BrokerReadings::Link {
public:
    Link(const TargetSettings& target, const Settings& settings, const std::string& module, const Clock& clock, Post post)
        : target_id_(target.target.id()), clock_(clock), post_(std::move(post)) {
        facts_.configured = target.target.management.has_value();
        facts_.interval = settings.management_interval;
        rabbitmq::SessionSettings session;
        session.endpoint = endpoint_source(target);
        session.module_name = module;
        session.on_event = [this, source = "readings of " + target.target.name](const rabbitmq::Event& event) {
            log_line(event.kind == rabbitmq::EventKind::connected ? LogLevel::info : LogLevel::warning, source, event.text);
            const std::scoped_lock lock(mutex_);
            state_ = event.text;
        };
        rabbitmq::ReaderSettings reader;
        reader.interval = settings.reading_interval;
        reader_ = std::make_unique<rabbitmq::QueueReader>(std::move(session), reader,
                                                          [this](rabbitmq::CountsBatch batch) { take(std::move(batch)); });
        if (facts_.configured)
            management_ = std::make_unique<rabbitmq::ManagementReader>(
                management_source(target), settings.management_interval,
                [this](rabbitmq::TotalsBatch batch) { take(std::move(batch)); },
                [this] {
                    const std::scoped_lock lock(mutex_);
                    return !counted_.empty();
                });
    }

    void start() {
        reader_->start();
        if (management_) management_->start();
    }

    void stop() {
        reader_->stop();
        if (management_) management_->stop();
    }

    void watch(const std::string& queue, bool with_counters) {
        {
            const std::scoped_lock lock(mutex_);
            if (with_counters) counted_.insert(queue);
            else counted_.erase(queue);
        }
        reader_->watch({queue});
    }

    void unwatch(const std::string& queue) {
        reader_->watch({}, {queue});
        const std::scoped_lock lock(mutex_);
        queues_.erase(queue);
        counted_.erase(queue);
    }

    std::string state() const {
        const std::scoped_lock lock(mutex_);
        if (!facts_.configured) return state_ + "; no management API";
        return state_ + "; management API: " + (facts_.trouble.empty() ? "answers" : facts_.trouble);
    }

private:
    struct Queue {
        QueueActivity activity;
        std::optional<Reading> told;
    };

    /// When something that a steady clock dated happened, in wall-clock time.
    TimePoint wall_time(std::chrono::steady_clock::time_point time) const {
        return clock_.now() - std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - time);
    }

    void take(rabbitmq::TotalsBatch batch) {
        const TimePoint at = wall_time(batch.began);
        const std::scoped_lock lock(mutex_);
        const std::string trouble = batch.unavailable ? "management API: " + batch.unavailable->message : "";
        if (trouble != facts_.trouble && !trouble.empty()) log_line(LogLevel::warning, target_id_, trouble);
        facts_.trouble = trouble;
        if (batch.unavailable) return;
        totals_.clear();
        for (const rabbitmq::QueueTotals& totals : batch.queues)
            totals_[totals.queue] = {totals.suspect ? std::nullopt : totals.unacknowledged, at};
        take_counters(batch, at);
    }

    void take_counters(const rabbitmq::TotalsBatch& batch, TimePoint at) {
        if (batch.counters_trouble != counters_trouble_ && !batch.counters_trouble.empty())
            log_line(LogLevel::warning, target_id_, "statistics of the management API: " + batch.counters_trouble);
        counters_trouble_ = batch.counters_trouble;
        for (const rabbitmq::QueueTotals& counted : batch.counters)
            if (counted.finished && counted_.contains(counted.queue))
                totals_[counted.queue].counters = WorkCounters{*counted.finished, *counted.published, at};
    }

    Reading reading_of(const rabbitmq::QueueCounts& counts, TimePoint at, Queue& queue) {
        DeclaredCounts declared;
        declared.at = at;
        declared.exists = counts.state == rabbitmq::QueueState::present;
        declared.ready = counts.ready;
        declared.consumers = counts.consumers;
        if (counts.state == rabbitmq::QueueState::unreadable) declared.unreadable = counts.reason.empty() ? "unreadable" : counts.reason;
        const auto totals = totals_.find(counts.queue);
        return combine_readings(declared, totals == totals_.end() ? std::nullopt : std::optional(totals->second), facts_, queue.activity);
    }

    void take(rabbitmq::CountsBatch batch) {
        const TimePoint at = wall_time(batch.began);
        std::vector<std::pair<std::string, Reading>> changed;
        {
            const std::scoped_lock lock(mutex_);
            const auto tell = [&](const std::string& name, Queue& queue, Reading reading) {
                if (queue.told && same_value(*queue.told, reading)) return;
                queue.told = reading;
                changed.emplace_back(name, std::move(reading));
            };
            for (const rabbitmq::QueueCounts& counts : batch.queues) {
                Queue& queue = queues_[counts.queue];
                tell(counts.queue, queue, reading_of(counts, at, queue));
            }
            if (batch.unavailable)
                for (auto& [name, queue] : queues_) {
                    Reading missing;
                    missing.reason = batch.unavailable->message;
                    tell(name, queue, std::move(missing));
                }
        }
        if (changed.empty()) return;
        post_([target = target_id_, changed = std::move(changed)](ControlLoop& loop) { loop.on_readings(target, changed); });
    }

    std::string target_id_;
    const Clock& clock_;
    Post post_;
    mutable std::mutex mutex_;
    std::string state_ = "connecting";
    ManagementFacts facts_;
    std::string counters_trouble_;
    std::map<std::string, StatedTotals> totals_;
    std::set<std::string> counted_;  ///< queues whose counters are wanted
    std::map<std::string, Queue> queues_;
    std::unique_ptr<rabbitmq::QueueReader> reader_;
    std::unique_ptr<rabbitmq::ManagementReader> management_;
};

/// Declares and deletes queues, which is rare, on a thread of its own with a connection for each task.
class BrokerReadings::Administrator {
public:
    using Task = std::function<Result<>(rabbitmq::Connection&)>;

    Administrator(const Settings& settings, std::string module, Post post)
        : settings_(settings), module_(std::move(module)), post_(std::move(post)), thread_([this] { run(); }) {}

    ~Administrator() {
        {
            const std::scoped_lock lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    void submit(const std::string& target_id, CallToken token, Task task) {
        {
            const std::scoped_lock lock(mutex_);
            tasks_.push_back({target_id, token, std::move(task)});
        }
        wake_.notify_one();
    }

private:
    struct Item {
        std::string target_id;
        CallToken token;
        Task task;
    };

    Result<> carry_out(const Item& item) {
        const TargetSettings* target = settings_.find_target_by_id(item.target_id);
        if (!target) return Error{ErrorKind::not_found, item.target_id + " is no target of the settings"};
        const auto endpoint = endpoint_source(*target)();
        if (!endpoint) return endpoint.error();
        const auto connection = rabbitmq::Connection::open(*endpoint, module_, "administration");
        if (!connection) return connection.error();
        auto done = item.task(**connection);
        (*connection)->close();
        return done;
    }

    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
            if (stopping_) return;
            const Item item = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            const Result<> done = carry_out(item);
            post_([token = item.token, done](ControlLoop& loop) { loop.on_queue_done(token, done); });
            lock.lock();
        }
    }

    const Settings& settings_;
    std::string module_;
    Post post_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Item> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

BrokerReadings::BrokerReadings(const Settings& settings, const std::string& module, const Clock& clock, Post post)
    : administrator_(std::make_unique<Administrator>(settings, module, post)) {
    for (const TargetSettings& target : settings.targets)
        links_[target.target.id()] = std::make_unique<Link>(target, settings, module, clock, post);
}

BrokerReadings::~BrokerReadings() = default;

void BrokerReadings::start() {
    for (auto& [id, link] : links_) link->start();
}

void BrokerReadings::stop() {
    for (auto& [id, link] : links_) link->stop();
}

void BrokerReadings::watch(const std::string& target_id, const std::string& queue, bool with_counters) {
    if (const auto link = links_.find(target_id); link != links_.end()) link->second->watch(queue, with_counters);
}

void BrokerReadings::unwatch(const std::string& target_id, const std::string& queue) {
    if (const auto link = links_.find(target_id); link != links_.end()) link->second->unwatch(queue);
}

void BrokerReadings::create_queue(const Tool& tool, CallToken token) {
    std::map<std::string, std::vector<std::string>> keys;
    for (const Binding& binding : tool.bindings) keys[binding.exchange].push_back(binding.routing_key);
    std::vector<rabbitmq::QueueBinding> bindings;
    for (auto& [exchange, routing_keys] : keys) bindings.push_back({exchange, std::move(routing_keys)});
    administrator_->submit(tool.key.target, token, [queue = tool.queue, bindings](rabbitmq::Connection& connection) -> Result<> {
        const auto declared = rabbitmq::declare_queue(connection, queue, bindings);
        if (!declared) return declared.error();
        return {};
    });
}

void BrokerReadings::delete_queue(const Tool& tool, CallToken token) {
    const bool always = tool.removal && tool.removal->delete_queue == DeleteQueue::always;
    administrator_->submit(tool.key.target, token, [queue = tool.queue, always](rabbitmq::Connection& connection) {
        return rabbitmq::delete_queue(connection, queue, always ? rabbitmq::QueueDelete::always : rabbitmq::QueueDelete::if_empty);
    });
}

std::map<std::string, std::string> BrokerReadings::states() const {
    std::map<std::string, std::string> states;
    for (const auto& [id, link] : links_) states[id] = link->state();
    return states;
}

}  // namespace elasticity
