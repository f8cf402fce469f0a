// create: repeatable by key and hash.
#include <algorithm>
#include <set>
#include <thread>

#include "sdk/check/catalog.hpp"
#include "sdk/check/session.hpp"
#include "sdk/check/sinks.hpp"

namespace elasticity::check {
namespace {

void stores_what_was_asked(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const sdk::HostInstance created = session.created(spec);
    const sdk::HostInstance inspected = session.inspected({spec.key, {}});
    for (const sdk::HostInstance& instance : {created, inspected}) {
        const std::string who = &instance == &created ? "create" : "inspect";
        require(instance.key == spec.key, who + ": the key came back as '" + instance.key + "'");
        require(instance.tool == spec.tool, who + ": the tool came back as '" + instance.tool + "'");
        require(instance.spec_hash == spec.hash, who + ": the hash came back changed");
        require(!instance.id.empty(), who + ": the instance has no id");
    }
    require(created.id == inspected.id, "create and inspect differ in the id of one instance");
}

void becomes_running(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const sdk::HostState first = session.created(spec).state;
    require(first == sdk::HostState::provisioning || first == sdk::HostState::running,
            std::string("create emits an instance that is ") + state_name(first) +
                ", wanted provisioning or running");
    session.await_state(spec.key, sdk::HostState::running);
    for (const sdk::HostInstance& instance : session.listed())
        require(instance.state == sdk::HostState::running, "inspect says running, and list does not");
}

void same_key_twice_is_one(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const std::string id = session.created(spec).id;
    for (int i = 0; i < 4; ++i)
        require(session.created(spec).id == id, "the same key and hash again gave another instance");
    const std::size_t count = session.listed().size();
    require(count == 1, "one key, created five times, is listed " + std::to_string(count) + " times");
}

void other_hash_is_refused(const Subject& subject) {
    Session session(subject);
    sdk::HostSpec spec = session.new_spec();
    const sdk::HostInstance before = session.created(spec);
    spec.hash += 1;
    require_code(ELS_ALREADY_EXISTS, session.create(spec), "create of the same key with another hash");
    const sdk::HostInstance after = session.inspected({spec.key, {}});
    require(after.id == before.id && after.spec_hash == before.spec_hash,
            "the refused create changed the instance");
    require(session.listed().size() == 1, "the refused create left something behind");
}

void keys_of_any_length(const Subject& subject) {
    Session session(subject);
    const std::string longest = random_hex(6) + "_A." + std::string(48, 'z');
    for (const std::string& key : {random_hex(1).substr(0, 1), longest}) {
        sdk::HostSpec spec = session.new_spec();
        spec.key = key;
        const std::string what = "a key of " + std::to_string(key.size()) + " characters";
        require(session.created(spec).key == key, what + " came back changed");
        session.inspected({key, {}});
    }
}

void tool_is_opaque(const Subject& subject) {
    constexpr std::size_t tool_max_bytes = 512;
    Session session(subject);
    sdk::HostSpec spec = session.new_spec();
    spec.tool = "prod\n\"quoted\" \\ = ' \t \xC3\xA4 ";
    spec.tool.resize(tool_max_bytes, 'x');
    session.created(spec);
    require(session.inspected({spec.key, {}}).tool == spec.tool,
            "the tool, 512 bytes of text, came back changed");
}

void different_keys_at_once(const Subject& subject) {
    Session session(subject);
    const unsigned count = calls_at_once(session.plugin(), 4);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) threads.emplace_back([&] { session.created(); });
    for (std::thread& thread : threads) thread.join();
    std::set<std::string> ids;
    for (const sdk::HostInstance& instance : session.listed()) ids.insert(instance.id);
    require(ids.size() == count,
            std::to_string(count) + " creates at once made " + std::to_string(ids.size()) + " instances");
}

void after_destroy_is_new(const Subject& subject) {
    Session session(subject);
    sdk::HostSpec spec = session.new_spec();
    const std::string id = session.created(spec).id;
    session.destroyed({spec.key, {}});
    session.await_gone(spec.key);
    spec.hash += 1;
    require(session.created(spec).id != id, "an id was given a second time");
}

void refused_leaves_nothing(const Subject& subject) {
    Session session(subject);
    for (const char* params : {"{", "[]", "{\"no such field\":1}"}) {
        sdk::HostSpec spec = session.new_spec();
        spec.params = params;
        if (session.create(spec).has_value()) continue;  // The core lets no such params pass.
        require_code(ELS_NOT_FOUND, session.inspect({spec.key, {}}), "inspect after a refused create");
    }
}

void refusing_sink_is_passed_on(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const sdk::BorrowedSpec borrowed(spec);
    els_instance_sink refusing{sizeof(els_instance_sink), 0, nullptr,
                               [](void*, const els_instance*) -> els_code { return ELS_RESOURCE_EXHAUSTED; }};
    const auto call = new_call();
    const auto done = invoke([&](els_error* error) {
        return session.provisioner().create(session.backend(), call->get(), borrowed.get(), &refusing, error);
    });
    require_code(ELS_RESOURCE_EXHAUSTED, done, "create into a sink that refuses");
    session.created(spec);  // Whatever was made can be adopted by its key.
    require(session.listed().size() == 1, "create after a refusing sink made a second instance");
}

void validate_changes_nothing(const Subject& subject) {
    Session session(subject);
    const sdk::HostSpec spec = session.new_spec();
    const sdk::BorrowedSpec borrowed(spec);
    std::string findings;
    els_sink sink = text_sink(findings);
    const auto call = new_call();
    require_ok(invoke([&](els_error* error) {
                   return session.provisioner().validate(session.backend(), call->get(), borrowed.get(),
                                                         &sink, error);
               }),
               "validate");
    require(findings.find("\"error\"") == findings.npos, "validate finds in the spec: " + findings);
    require(session.listed().empty(), "validate made an instance");
}

}  // namespace

std::vector<Check> create_checks() {
    return {
        creates("validate.changes_nothing", "validate has nothing against the spec, and makes nothing",
                validate_changes_nothing),
        creates("create.stores_what_was_asked", "Key, tool and hash come back as they were given",
                stores_what_was_asked),
        creates("create.becomes_running", "The instance comes to run, and inspect and list say so",
                becomes_running),
        creates("create.same_key_twice_is_one", "The same key and hash again is the same instance",
                same_key_twice_is_one),
        creates("create.other_hash_is_refused", "The same key with another hash is ALREADY_EXISTS",
                other_hash_is_refused),
        creates("create.keys_of_any_length", "Keys of 1 and of 63 characters work", keys_of_any_length),
        creates("create.tool_is_opaque", "Any text of 512 bytes comes back as the tool", tool_is_opaque),
        creates("create.different_keys_at_once", "Creates of different keys do not disturb each other",
                different_keys_at_once),
        creates("create.after_destroy_is_new", "A destroyed key is free again, its id is not",
                after_destroy_is_new),
        creates("create.refused_leaves_nothing", "A create that fails leaves no instance",
                refused_leaves_nothing),
        creates("create.refusing_sink_is_passed_on", "The code of a sink that refuses is handed on",
                refusing_sink_is_passed_on),
    };
}

}  // namespace elasticity::check
