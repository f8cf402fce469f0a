// Cores of other minors: their structs are longer, or offer less.
#include "sdk/check/catalog.hpp"
#include "sdk/check/guarded.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/sinks.hpp"

namespace elasticity::check {
namespace {

/// A backend of its own, opened with `host`, that lists nothing.
void require_empty_list(const Session& session, const els_host* host, const std::string& config,
                        const els_call* call, const std::string& why) {
    const els_plugin& plugin = session.plugin();
    els_backend* backend = nullptr;
    const els_view text{config.data(), config.size()};
    require_ok(invoke([&](els_error* error) { return plugin.open(host, text, &backend, error); }),
               "open " + why);
    require_ok(invoke([&](els_error* error) { return plugin.activate(backend, call, error); }),
               "activate " + why);
    const auto* table = static_cast<const els_provisioner_v1*>(plugin.query(backend, ELS_IF_PROVISIONER));
    require(table != nullptr, "no provisioner " + why);
    int count = 0;
    Longer<els_instance_sink> found(counting_sink(count));
    Longer<els_sink> next(deaf_sink());
    const auto list = [&](els_error* error) {
        return table->list(backend, call, {}, found.get(), next.get(), error);
    };
    require_ok(invoke(list), "list " + why);
    require(count == 0, "a new owner is shown instances " + why);
    require_ok(invoke([&](els_error* error) { return plugin.quiesce(backend, call, error); }),
               "quiesce " + why);
    plugin.close(backend);
}

std::string config_of(const Subject& subject) {
    const sdk::HostResult<std::string> config = read_config(subject);
    require_ok(config, "reading the config");
    return *config;
}

void longer_structs_are_ignored(const Subject& subject) {
    const Session session(subject, Session::Begin::opened);
    Longer<els_host> host(*session.host());
    const auto given = new_call();
    Longer<els_call> call(*given->get());
    require_empty_list(session, host.get(), config_of(subject), call.get(), "with a newer core's structs");
    require(host.tail_is_untouched() && call.tail_is_untouched(), "wrote to a newer core's structs");
}

void longer_specs_are_ignored(const Subject& subject) {
    Session session(subject);
    sdk::HostSpec spec = session.new_spec();
    spec.env.push_back({"CHECK_VARIABLE", "1", false});
    const sdk::BorrowedSpec borrowed(spec);
    std::vector<Longer<els_env>> env;
    for (std::size_t i = 0; i < borrowed.get()->env_count; ++i) env.emplace_back(*borrowed.get()->env[i]);
    std::vector<const els_env*> pointers;
    for (Longer<els_env>& entry : env) pointers.push_back(entry.get());
    Longer<els_spec> longer(*borrowed.get());
    longer.get()->env = pointers.data();
    int count = 0;
    Longer<els_instance_sink> sink(counting_sink(count));
    const auto call = new_call();
    require_ok(invoke([&](els_error* error) {
                   return session.provisioner().create(session.backend(), call->get(), longer.get(),
                                                       sink.get(), error);
               }),
               "create with a newer core's structs");
    const sdk::HostRef by_key{spec.key, {}};
    Longer<els_ref> ref(sdk::borrowed_ref(by_key));
    require_ok(invoke([&](els_error* error) {
                   return session.provisioner().inspect(session.backend(), call->get(), ref.get(), sink.get(),
                                                        error);
               }),
               "inspect with a newer core's structs");
    require(count == 2,
            "create and inspect emitted " + std::to_string(count) + " instances, wanted one each");
}

void unknown_flags_are_ignored(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const sdk::BorrowedSpec borrowed(spec);
    els_spec flagged = *borrowed.get();
    flagged.flags = 0x40000000;
    int count = 0;
    els_instance_sink sink = counting_sink(count);
    const auto call = new_call();
    require_ok(invoke([&](els_error* error) {
                   return session.provisioner().create(session.backend(), call->get(), &flagged, &sink,
                                                       error);
               }),
               "create with a flag that is not known yet");
}

void missing_functions_are_accepted(const Subject& subject) {
    const Session session(subject, Session::Begin::opened);
    els_host host = *session.host();
    host.log = nullptr;
    host.log_enabled = nullptr;
    host.query = nullptr;
    const auto given = new_call();
    els_call call = *given->get();
    call.cancel_fd = -1;
    call.cancelled = nullptr;
    call.progress = nullptr;
    require_empty_list(session, &host, config_of(subject), &call, "of a core that offers no functions");
}

}  // namespace

std::vector<Check> struct_checks() {
    return {
        {"host.longer_structs_are_ignored", "What a newer core appended to its structs makes no difference",
         longer_structs_are_ignored},
        creates("host.longer_specs_are_ignored",
                "What a newer core appended to specs and refs makes no difference", longer_specs_are_ignored),
        creates("host.unknown_flags_are_ignored", "A flag that is not known yet makes no difference",
                unknown_flags_are_ignored),
        {"host.missing_functions_are_accepted", "A core without log, query, cancel and progress will do",
         missing_functions_are_accepted},
    };
}

}  // namespace elasticity::check
