#include "plugins/docker/docker_backend.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "plugins/docker/failures.hpp"

namespace elasticity::docker {
namespace {

namespace json = boost::json;

json::value parse_reply(const std::string& what, const Reply& reply) {
    if (!reply.ok()) throw request_failure(what, reply);
    boost::system::error_code error;
    json::value value = json::parse(reply.body, error);
    if (error) throw sdk::Error(ELS_UNAVAILABLE, what + ": the answer is no JSON", ELS_ERR_RETRY_SAME);
    return value;
}

json::object parse_object_reply(const std::string& what, const Reply& reply) {
    json::value value = parse_reply(what, reply);
    if (!value.is_object())
        throw sdk::Error(ELS_UNAVAILABLE, what + ": the answer is no JSON object", ELS_ERR_RETRY_SAME);
    return std::move(value.get_object());
}

json::value labels_of(const json::object& details) {
    const json::value* config = details.if_contains("Config");
    const json::value* labels =
        config && config->is_object() ? config->get_object().if_contains("Labels") : nullptr;
    return labels ? *labels : json::value();
}

/// Created and never started: what is left when somebody was stopped between the two requests.
bool was_never_started(const sdk::Instance& worker) {
    return worker.state == ELS_ST_PROVISIONING;
}

/// A paused one too: the engine wakes it for the stop.
bool can_hear_a_signal(const sdk::Instance& worker) {
    return worker.state == ELS_ST_RUNNING || worker.state == ELS_ST_SUSPENDED;
}

[[noreturn]] void refuse_name(const std::string& name, const std::string& why, const char* code) {
    throw sdk::Error(ELS_ALREADY_EXISTS, "container " + name + ": " + why).provider(code);
}

}  // namespace

DockerBackend::DockerBackend(sdk::Host host, std::string_view config)
    : host_(host),
      settings_(parse_settings(config)),
      api_(settings_.endpoint),
      puller_(host_, api_, settings_) {}

void DockerBackend::check_config(std::string_view config, const sdk::Report& report) {
    try {
        parse_settings(config);
    } catch (const sdk::Error& error) {
        report({"error", error.field, error.text});
    }
}

void DockerBackend::quiesce(const sdk::Call&) {
    api_.close_idle();
}

std::string DockerBackend::probe(const sdk::Call& call) {
    const json::object version = parse_object_reply("engine's version", api_.version(call));
    const json::object machine = parse_object_reply("engine's info", api_.info(call));
    const auto field = [](const json::object& object, std::string_view name) {
        const json::value* value = object.if_contains(name);
        return value ? *value : json::value();
    };
    return json::serialize(json::object{{"engine_version", field(version, "Version")},
                                        {"api_version", api_.api_version(call)},
                                        {"storage_driver", field(machine, "Driver")},
                                        {"cpus", field(machine, "NCPU")},
                                        {"memory_bytes", field(machine, "MemTotal")}});
}

sdk::Instance DockerBackend::create(const sdk::Call& call, const sdk::Spec& spec) {
    const std::string name = container_name(spec);
    const std::string id = create_container(call, spec, name);
    if (id.empty()) {
        if (auto existing = adopt(call, spec, name)) return *std::move(existing);
        throw sdk::Error(ELS_ABORTED, "container " + name + ": is just being created or removed",
                         ELS_ERR_RETRY_SAME);
    }
    start(call, id, name);
    sdk::Instance worker;
    worker.key = spec.key;
    worker.id = id;
    worker.name = name;
    worker.tool = spec.tool;
    worker.spec_hash = spec.hash;
    worker.state = ELS_ST_RUNNING;
    return worker;
}

/// Returns the id; empty where a container of that name is in the way.
std::string DockerBackend::create_container(const sdk::Call& call, const sdk::Spec& spec,
                                            const std::string& name) {
    const WorkerSpec worker = parse_worker_spec(spec.params);
    const json::object config = container_config({host_.owner(), host_.backend()}, spec, worker, settings_);
    if (worker.pull == PullPolicy::always) {
        if (api_.inspect_container(call, name).ok()) return {};
        puller_.pull(call, worker.image);
    }
    Reply reply = api_.create_container(call, name, config);
    if (reply.status == 404 && reply.says("No such image") && worker.pull != PullPolicy::never) {
        puller_.pull(call, worker.image);
        reply = api_.create_container(call, name, config);
    }
    if (reply.status == 409) return {};
    const json::object created = parse_object_reply("cannot create " + name, reply);
    const json::value* id = created.if_contains("Id");
    if (id && id->is_string()) return std::string(id->get_string());
    throw sdk::Error(ELS_UNAVAILABLE, "cannot create " + name + ": the answer names no Id",
                     ELS_ERR_RETRY_SAME | ELS_ERR_MAYBE_DONE);
}

/// The container of that name, if it is the worker that `spec` asks for; started if it never was. Nothing if
/// there is none.
std::optional<sdk::Instance> DockerBackend::adopt(const sdk::Call& call, const sdk::Spec& spec,
                                                  const std::string& name) {
    const Reply reply = api_.inspect_container(call, name);
    if (reply.status == 404) return std::nullopt;
    const json::object details = parse_object_reply("cannot inspect " + name, reply);
    sdk::Instance worker = instance_from_details(details);
    if (label_of(labels_of(details), label::owner) != host_.owner() || worker.key != spec.key) {
        refuse_name(name, "the name is taken by a container that is not ours", "name_in_use");
    }
    if (worker.spec_hash != spec.hash) refuse_name(name, "exists with another spec", "spec_changed");
    if (worker.state == ELS_ST_DELETING) return std::nullopt;
    if (!was_never_started(worker)) return worker;
    start(call, worker.id, name);
    worker.state = ELS_ST_RUNNING;
    return worker;
}

/// A container that the engine refuses to start is removed: nobody else would.
void DockerBackend::start(const sdk::Call& call, const std::string& id, const std::string& name) {
    Reply reply;
    try {
        reply = api_.start_container(call, id);
        constexpr long already_started = 304;
        if (reply.ok() || reply.status == already_started) return;
        remove(call, id);
    } catch (sdk::Error& error) {
        error.flags |= ELS_ERR_MAYBE_DONE;  // whatever kept us from going on, the container is there
        throw;
    }
    throw request_failure("cannot start " + name, reply);
}

void DockerBackend::remove(const sdk::Call& call, const std::string& id) {
    const Reply reply = api_.remove_container(call, id);
    const bool under_way = reply.status == 409 && reply.says("already in progress");
    if (reply.ok() || reply.status == 404 || under_way) return;
    throw request_failure("cannot remove " + id, reply);
}

void DockerBackend::destroy(const sdk::Call& call, const sdk::Ref& ref, std::chrono::milliseconds grace) {
    const std::optional<sdk::Instance> worker = inspect(call, ref);
    if (!worker) return;
    if (grace.count() > 0 && can_hear_a_signal(*worker)) stop(call, *worker, grace);
    remove(call, worker->id);
}

void DockerBackend::stop(const sdk::Call& call, const sdk::Instance& worker,
                         std::chrono::milliseconds grace) {
    if (call.remaining() <= grace) {
        throw sdk::Error(ELS_INVALID_ARGUMENT, "cannot stop " + worker.name + ": the deadline leaves " +
                                                   std::to_string(call.remaining().count()) +
                                                   " ms, want more than the grace of " +
                                                   std::to_string(grace.count()) + " ms");
    }
    const Reply reply = api_.stop_container(call, worker.id, std::chrono::ceil<std::chrono::seconds>(grace));
    constexpr long already_stopped = 304;
    if (reply.ok() || reply.status == already_stopped || reply.status == 404) return;
    throw request_failure("cannot stop " + worker.name, reply);
}

std::optional<sdk::Instance> DockerBackend::inspect(const sdk::Call& call, const sdk::Ref& ref) {
    const auto id = ref.id.empty() ? id_of_key(call, ref.key) : std::string(ref.id);
    if (!id) return std::nullopt;
    auto worker = find_by_id(call, *id);
    if (worker && !ref.key.empty() && worker->key != ref.key) return std::nullopt;
    return worker;
}

/// Nothing if there is no such container, or if it is not ours.
std::optional<sdk::Instance> DockerBackend::find_by_id(const sdk::Call& call, const std::string& id) {
    const Reply reply = api_.inspect_container(call, id);
    if (reply.status == 404) return std::nullopt;
    const json::object details = parse_object_reply("cannot inspect " + id, reply);
    if (label_of(labels_of(details), label::owner) != host_.owner()) return std::nullopt;
    return instance_from_details(details);
}

std::optional<std::string> DockerBackend::id_of_key(const sdk::Call& call, std::string_view key) {
    const std::string key_filter = std::string(label::key) + "=" + std::string(key);
    for (const json::value& summary : list_containers(call, {owner_filter(), key_filter})) {
        if (summary.is_object()) return instance_from_summary(summary.get_object()).id;
    }
    return std::nullopt;
}

std::string DockerBackend::list(const sdk::Call& call, std::string_view page, const sdk::Emit& emit) {
    if (!page.empty())
        throw sdk::Error(ELS_INVALID_ARGUMENT, "list: there is one page, no other was ever named");
    for (const json::value& summary : list_containers(call, {owner_filter()})) {
        if (!summary.is_object()) continue;
        const sdk::Instance worker = instance_from_summary(summary.get_object());
        const bool has_ended = worker.state == ELS_ST_STOPPED || worker.state == ELS_ST_FAILED;
        if (!has_ended) {
            emit(worker);
        } else if (const auto details = find_by_id(call, worker.id)) {
            emit(*details);
        }
    }
    return {};
}

json::array DockerBackend::list_containers(const sdk::Call& call, const std::vector<std::string>& labels) {
    json::value listed = parse_reply("cannot list containers", api_.list_containers(call, labels));
    if (!listed.is_array())
        throw sdk::Error(ELS_UNAVAILABLE, "cannot list containers: the answer is no array",
                         ELS_ERR_RETRY_SAME);
    return std::move(listed.get_array());
}

std::string DockerBackend::owner_filter() const {
    return std::string(label::owner) + "=" + std::string(host_.owner());
}

}  // namespace elasticity::docker
