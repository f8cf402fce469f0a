#include "core/daemon/module.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <mutex>

#include "core/daemon/broker_readings.hpp"
#include "core/daemon/deploy_handler.hpp"
#include "core/daemon/desired_store.hpp"
#include "core/daemon/log.hpp"
#include "core/daemon/loop_thread.hpp"
#include "core/daemon/status_outbox.hpp"
#include "core/daemon/upgrade_commands.hpp"
#include "core/daemon/version.hpp"
#include "core/io/control/control_server.hpp"
#include "core/io/rabbitmq/deploy_listener.hpp"
#include "core/io/rabbitmq/publisher.hpp"
#include "core/io/time_zones/time_zones.hpp"
#include "core/plugin_host/plugin_backends.hpp"
#include "core/plugin_host/plugin_folder.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

std::string host_name() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return name;
}

LoopSettings loop_settings(const Settings& settings, const std::string& install_id) {
    LoopSettings loop;
    loop.install_id = install_id;
    loop.placement = settings.placement;
    for (const auto& [name, backend] : settings.backends)
        if (backend.max_instances) loop.max_instances[name] = *backend.max_instances;
    for (const TargetSettings& target : settings.targets) loop.target_urls[target.target.id()] = target.target.display_url();
    loop.scaling_defaults = settings.scaling_defaults;
    loop.list_interval = settings.list_interval;
    loop.find_time_zone = find_time_zone;
    return loop;
}

/// The last words of the connections, for `status`.
class ConnectionStates {
public:
    void set(const std::string& name, const std::string& text) {
        const std::scoped_lock lock(mutex_);
        texts_[name] = text;
    }
    std::string get(const std::string& name) const {
        const std::scoped_lock lock(mutex_);
        const auto hit = texts_.find(name);
        return hit == texts_.end() ? "connecting" : hit->second;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string> texts_;
};

}  // namespace

struct Module::Parts {
    Parts(Settings given, StateDir& state_dir, OnEnd end)
        : settings(std::move(given)), name(settings.name.empty() ? host_name() : settings.name), directory(state_dir),
          on_end(std::move(end)), loop_thread(clock) {}

    Result<> build(bool accept_empty);
    Result<> open_state(bool accept_empty);
    Result<> load_plugins();
    void make_ports();
    void start_loop(Recovered recovered);
    void start_brokers();
    Result<> start_control();
    void take_fields(const std::string& backend, const json::object& spec_schema);
    void in_force(const std::string& held_because);
    void retry_load();
    rabbitmq::SessionSettings session(const std::string& role);
    json::object status() const;
    LoopThread::Task describe_task(ToolKey key, std::function<void(json::object)> done) const;

    Settings settings;
    std::string name;
    StateDir& directory;
    OnEnd on_end;
    SteadyWallClock clock;
    ConnectionStates connections;
    mutable std::mutex held_mutex;
    std::string held;  ///< why tools.json is not acted upon; "" when it is
    std::unique_ptr<JournalThread> journal;
    std::unique_ptr<StatusOutbox> outbox;
    std::unique_ptr<LoopJournal> loop_journal;
    std::unique_ptr<DesiredStore> store;
    std::optional<StagingFolder> staging;
    BackendCatalog catalog;
    std::map<std::string, json::object> spec_schemas;  ///< by backend; the upgrades' once they run
    std::unique_ptr<BrokerReadings> readings;
    std::unique_ptr<PluginBackends> backends;
    std::unique_ptr<ToolStore> tool_store;
    std::unique_ptr<ControlLoop> loop;
    LoopThread loop_thread;
    std::unique_ptr<DeployHandler> handler;
    std::unique_ptr<rabbitmq::Publisher> publisher;
    std::unique_ptr<rabbitmq::DeployListener> listener;
    std::unique_ptr<ControlServer> control;
};

namespace {

/// Takes removed tools out of tools.json, away from the control thread, which must not wait for a disk.
class StoreThread : public ToolStore {
public:
    explicit StoreThread(DesiredStore& store) : store_(store), thread_([this] { run(); }) {}
    ~StoreThread() override {
        {
            const std::scoped_lock lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    void forget(const ToolKey& key) override {
        {
            const std::scoped_lock lock(mutex_);
            keys_.push_back(key);
        }
        wake_.notify_one();
    }

private:
    void run() {
        constexpr std::chrono::seconds retry{5};
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return stopping_ || !keys_.empty(); });
            if (stopping_) return;
            const ToolKey key = keys_.front();
            lock.unlock();
            const auto done = store_.forget(key);
            if (!done) log_line(LogLevel::error, "tools.json", key.tool + " cannot be taken out: " + done.error().message);
            lock.lock();
            if (done) keys_.pop_front();
            else if (wake_.wait_for(lock, retry, [&] { return stopping_; })) return;
        }
    }

    DesiredStore& store_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<ToolKey> keys_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace

Result<> Module::Parts::open_state(bool accept_empty) {
    auto journal_file = JournalFile::open(directory.journal_file(), {settings.journal_max_bytes, 2000});
    if (!journal_file) return journal_file.error();
    auto contents = journal_file->recover();
    if (!contents) return contents.error();
    auto tools_file = ToolsFile::open(directory.root(), settings.history_generations);
    if (!tools_file) return tools_file.error();
    if (auto staged = load_plugins(); !staged) return staged;
    auto context = make_intake_context(settings, catalog);
    if (!context) return context.error();
    context->knows_time_zone = [](const std::string& zone) { return find_time_zone(zone) != nullptr; };

    journal = std::make_unique<JournalThread>(std::move(*journal_file));
    outbox = std::make_unique<StatusOutbox>(*journal, name, settings.deploy.status_queue);
    outbox->recover(contents->statuses);
    outbox->set_on_lost([this](const ToolKey& key) {
        loop_thread.post([key](ControlLoop& running) { running.on_status_lost(key); });
    });
    store = std::make_unique<DesiredStore>(std::move(*tools_file), std::move(*context), [this](DesiredStore::State state) {
        loop_thread.post([state](ControlLoop& running) { running.on_desired(state); });
    });
    const auto why = store->load(accept_empty);
    if (!why) return why.error();
    held = *why;
    make_ports();
    start_loop(recover_loop(*contents));
    return {};
}

/// Each backend's first generation runs from a private copy too, which nobody overwrites while it is mapped.
Result<> Module::Parts::load_plugins() {
    const auto folder = directory.plugins_dir();
    if (!folder) return folder.error();
    auto opened = StagingFolder::open(*folder);
    if (!opened) return opened.error();
    staging.emplace(std::move(*opened));
    const auto stage = [this](const std::string& backend, const std::filesystem::path& file) {
        return staging->stage_first(file, backend);
    };
    catalog = BackendCatalog::load(settings, plugin_folder(settings), stage);
    spec_schemas = catalog.spec_schemas();
    return {};
}

void Module::Parts::take_fields(const std::string& backend, const json::object& spec_schema) {
    spec_schemas[backend] = spec_schema;
    auto kinds = KindTable::make(settings.placement, spec_schemas);
    if (kinds) return store->set_kinds(std::move(*kinds));
    log_line(LogLevel::error, "backend " + backend, "messages are checked against the fields of before: " + kinds.error().message);
}

void Module::Parts::make_ports() {
    const auto post = [this](LoopThread::Task task) { loop_thread.post(std::move(task)); };
    loop_journal = std::make_unique<LoopJournal>(*journal, post);
    readings = std::make_unique<BrokerReadings>(settings, name, clock, post);
    backends = std::make_unique<PluginBackends>(
        settings, BackendSurroundings{directory.install_id(),
                                      [this](const std::string& backend) { return directory.backend_dir(backend); }, post,
                                      [this](const std::string& backend) {
                                          on_end(End::repairable, "the plugin of backend " + backend +
                                                                      ", which could not be opened, was replaced; starting again with it");
                                      },
                                      [this](const std::string& backend, const json::object& spec_schema) {
                                          take_fields(backend, spec_schema);
                                      }},
        *staging);
    tool_store = std::make_unique<StoreThread>(*store);
}

void Module::Parts::start_loop(Recovered recovered) {
    loop = std::make_unique<ControlLoop>(Ports{clock, *backends, *readings, *loop_journal, *outbox, *tool_store},
                                         loop_settings(settings, directory.install_id()), std::move(recovered));
    backends->open(std::exchange(catalog, {}));  // The private copies belong to the generations alone.
    loop_thread.start(*loop);
}

rabbitmq::SessionSettings Module::Parts::session(const std::string& role) {
    rabbitmq::SessionSettings session;
    session.endpoint = endpoint_source(*settings.find_target(settings.deploy.target));
    session.module_name = name;
    session.on_event = [this, role](const rabbitmq::Event& event) {
        const bool good = event.kind == rabbitmq::EventKind::connected || event.kind == rabbitmq::EventKind::unblocked;
        log_line(good ? LogLevel::info : LogLevel::warning, role, event.text);
        connections.set(role, event.text);
        if (event.kind == rabbitmq::EventKind::held_by_other) on_end(End::held_by_other, event.text);
        if (event.kind == rabbitmq::EventKind::queue_mismatch) on_end(End::queue_mismatch, event.text);
    };
    return session;
}

LoopThread::Task Module::Parts::describe_task(ToolKey key, std::function<void(json::object)> done) const {
    return [key = std::move(key), done = std::move(done)](ControlLoop& running) {
        const json::object all = running.describe();
        for (const json::value& tool : all.at("tools").as_array())
            if (std::string_view(tool.at("tool").as_string()) == key.tool) return done(tool.as_object());
        done({{"tool", key.tool}, {"state", "accepted"}});
    };
}

void Module::Parts::start_brokers() {
    const TargetSettings& target = *settings.find_target(settings.deploy.target);
    const std::string dead_letters = settings.deploy.queue + ".dead";
    handler = std::make_unique<DeployHandler>(DeployHandler::Surroundings{
        *store, *outbox, *journal, target.target.id(), dead_letters,
        [this](ToolKey key, std::function<void(json::object)> done) { loop_thread.post(describe_task(std::move(key), std::move(done))); }});
    rabbitmq::PublisherSettings publishing;
    publishing.queues = {settings.deploy.status_queue, dead_letters};
    publisher = std::make_unique<rabbitmq::Publisher>(session("publisher"), publishing, outbox->source());
    outbox->set_notify([this] { publisher->notify(); });
    rabbitmq::ListenerSettings listening;
    listening.queue = settings.deploy.queue;
    listening.body_bytes_max = settings.deploy.message_max_bytes;
    if (target.target.management)
        listening.find_holder = [source = management_source(target)](const std::string& queue) -> Result<std::string> {
            auto endpoint = source();
            if (!endpoint) return endpoint.error();
            return rabbitmq::ManagementClient(std::move(*endpoint)).consumer_holder(queue);
        };
    listener = std::make_unique<rabbitmq::DeployListener>(
        session("listener"), listening, [this](std::span<const rabbitmq::Delivery> batch) { return handler->handle(batch); });
    readings->start();
    publisher->start();
    in_force(held);
}

/// Listens only while tools.json is in force: a commit on top of a lost state would make the loss final.
void Module::Parts::in_force(const std::string& held_because) {
    {
        const std::scoped_lock lock(held_mutex);
        held = held_because;
    }
    if (held_because.empty()) {
        listener->start();
        return;
    }
    log_line(LogLevel::error, "tools.json", held_because +
                 "; nothing is touched. Use `elasticity config rollback`, or run with --accept-empty to take it as it is");
    connections.set("listener", "waits until tools.json can be trusted");
}

json::object Module::Parts::status() const {
    json::array brokers;
    for (const auto& [id, text] : readings->states()) {
        const TargetSettings& target = *settings.find_target_by_id(id);
        const bool deploys = target.target.name == settings.deploy.target;
        brokers.push_back({{"target", target.target.name},
                           {"url", target.target.display_url()},
                           {"listener", deploys ? json::value(connections.get("listener")) : json::value(nullptr)},
                           {"publisher", deploys ? json::value(connections.get("publisher")) : json::value(nullptr)},
                           {"reader", text}});
    }
    const std::scoped_lock lock(held_mutex);
    return {{"module", name},
            {"version", version_text},
            {"install_id", directory.install_id()},
            {"held", held.empty() ? json::value(nullptr) : json::value(held)},
            {"brokers", std::move(brokers)}};
}

Result<> Module::Parts::start_control() {
    auto server = ControlServer::listen(directory.control_socket(), [this](json::object request, ControlRespond respond) {
        if (answer_upgrade_command(backends->upgrades(), request, respond)) return;
        const json::value* command = request.if_contains("command");
        if (!command || *command != "status") {
            respond({{"error", {{"code", "unknown_command"}, {"message", "must be {\"command\": \"status\"}, or of an upgrade"}}}});
            return;
        }
        loop_thread.post([this, respond = std::move(respond)](ControlLoop& running) {
            json::object answer = status();
            for (const auto& member : running.describe()) answer.insert(member);
            for (json::value& backend : answer.at("backends").as_array())
                backend.as_object()["plugin"] =
                    backends->upgrades().describe(std::string(backend.at("backend").as_string()));
            respond(std::move(answer));
        });
    });
    if (!server) return server.error();
    control = std::move(*server);
    return {};
}

Result<> Module::Parts::build(bool accept_empty) {
    if (auto opened = open_state(accept_empty); !opened) return opened;
    if (auto listening = start_control(); !listening) return listening;
    start_brokers();
    return {};
}

void Module::Parts::retry_load() {
    const auto why = store->load(false);
    if (!why) log_line(LogLevel::error, "tools.json", why.error().message);
    else in_force(*why);
}

Module::Module(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Module>> Module::start(Settings settings, StateDir& state_dir, bool accept_empty, OnEnd on_end) {
    std::unique_ptr<Module> module(new Module(std::make_unique<Parts>(std::move(settings), state_dir, std::move(on_end))));
    if (auto built = module->parts_->build(accept_empty); !built) return built.error();
    return module;
}

Module::~Module() {
    Parts& parts = *parts_;
    parts.control.reset();
    if (parts.listener) parts.listener->stop();
    if (parts.readings) parts.readings->stop();
    parts.loop_thread.stop();
    parts.tool_store.reset();
    parts.backends.reset();
    if (parts.publisher) parts.publisher->stop();
    if (parts.journal) parts.journal->stop();
}

bool Module::upgrade_backends(const Settings& settings, const std::vector<std::string>& names) {
    return parts_->backends->upgrade(settings, names);
}

void Module::check_tools_file() {
    if (!parts_->held.empty()) return parts_->retry_load();
    const auto told = parts_->store->check_file();
    if (!told) log_line(LogLevel::error, "tools.json", told.error().message);
    else if (!told->empty()) log_line(LogLevel::warning, "tools.json", *told);
}

}  // namespace elasticity
